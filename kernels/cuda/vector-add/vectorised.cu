// @operation vector-add
// @method    vectorise
// @summary   One float4 a thread: a quarter of the memory instructions; the last, incomplete quad is added element by element.
// @tune BLOCK in [256, 128, 512, 1024]
// @launch add <<<ceil_div(n, 4 * BLOCK), BLOCK>>> (a, b, c, n)
extern "C" __global__ void __launch_bounds__(BLOCK)
add(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int n)
{
    const int first = 4 * (blockIdx.x * BLOCK + threadIdx.x);
    if (first + 4 <= n) {
        const float4 p = *reinterpret_cast<const float4*>(a + first);
        const float4 q = *reinterpret_cast<const float4*>(b + first);
        *reinterpret_cast<float4*>(c + first) = make_float4(p.x + q.x, p.y + q.y, p.z + q.z, p.w + q.w);
    } else {
        for (int i = first; i < n; ++i)
            c[i] = a[i] + b[i];
    }
}
