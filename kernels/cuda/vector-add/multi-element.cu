// @operation vector-add
// @method    multi-element
// @summary   A thread issues all the loads of its ITEMS float4 pairs before the first addition, so that many bytes are in flight per warp.
// @tune BLOCK in [256, 128, 512]
// @tune ITEMS in [2, 4, 8]
// @launch add <<<ceil_div(n, 4 * BLOCK * ITEMS), BLOCK>>> (a, b, c, n)
extern "C" __global__ void __launch_bounds__(BLOCK)
add(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int n)
{
    const int tile = 4 * BLOCK * ITEMS;
    const int first = blockIdx.x * tile;
    if (first + tile <= n) {
        const float4* a4 = reinterpret_cast<const float4*>(a + first);
        const float4* b4 = reinterpret_cast<const float4*>(b + first);
        float4* c4 = reinterpret_cast<float4*>(c + first);
        float4 p[ITEMS], q[ITEMS];
        #pragma unroll
        for (int k = 0; k < ITEMS; ++k) {
            p[k] = a4[threadIdx.x + k * BLOCK];
            q[k] = b4[threadIdx.x + k * BLOCK];
        }
        #pragma unroll
        for (int k = 0; k < ITEMS; ++k)
            c4[threadIdx.x + k * BLOCK] =
                make_float4(p[k].x + q[k].x, p[k].y + q[k].y, p[k].z + q[k].z, p[k].w + q[k].w);
    } else {
        for (int i = first + threadIdx.x; i < n; i += BLOCK)
            c[i] = a[i] + b[i];
    }
}
