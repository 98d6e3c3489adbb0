// @operation reduce-sum
// @method    multi-element
// @summary   A block takes one tile: a thread has all its ITEMS float4 loads in flight at once; a second launch adds up the tiles.
// @tune BLOCK in [256, 512]
// @tune ITEMS in [4, 8, 16]
// @scratch partial f32 [ceil_div(n, 4 * BLOCK * ITEMS)]
// @launch tile_sums <<<ceil_div(n, 4 * BLOCK * ITEMS), BLOCK>>> (x, partial, n)
// @launch total_sum <<<1, BLOCK>>> (partial, total, ceil_div(n, 4 * BLOCK * ITEMS))
__device__ float warp_sum(float v)
{
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_xor_sync(0xffffffff, v, offset);
    return v;
}

// The sum over the block, in every thread of its first warp.
__device__ float block_sum(float v)
{
    __shared__ float warp_totals[BLOCK / 32];
    v = warp_sum(v);
    if (threadIdx.x % 32 == 0)
        warp_totals[threadIdx.x / 32] = v;
    __syncthreads();
    if (threadIdx.x < 32)
        v = warp_sum(threadIdx.x < BLOCK / 32 ? warp_totals[threadIdx.x] : 0.0f);
    return v;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
tile_sums(const float* __restrict__ x, float* __restrict__ partial, int n)
{
    const int tile = 4 * BLOCK * ITEMS;
    const int first = blockIdx.x * tile;
    float sum = 0;
    if (first + tile <= n) {
        const float4* x4 = reinterpret_cast<const float4*>(x + first);
        float4 v[ITEMS];
        #pragma unroll
        for (int k = 0; k < ITEMS; ++k)
            v[k] = x4[threadIdx.x + k * BLOCK];
        #pragma unroll
        for (int k = 0; k < ITEMS; ++k)
            sum += (v[k].x + v[k].y) + (v[k].z + v[k].w);
    } else {
        for (int i = first + threadIdx.x; i < n; i += BLOCK)
            sum += x[i];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        partial[blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
total_sum(const float* __restrict__ partial, float* __restrict__ total, int count)
{
    float sum = 0;
    #pragma unroll 4
    for (int i = threadIdx.x; i < count; i += BLOCK)
        sum += partial[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        *total = sum;
}
