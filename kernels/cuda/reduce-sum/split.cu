// @operation reduce-sum
// @method    split
// @summary   BLOCKS blocks stride over the vector in float4s and leave one partial sum each; a second launch of one block adds them up.
// @tune BLOCK in [256, 512]
// @tune BLOCKS in [1024, 512, 256]
// @scratch partial f32 [BLOCKS]
// @launch partial_sums <<<min(BLOCKS, ceil_div(n, 4 * BLOCK)), BLOCK>>> (x, partial, n)
// @launch total_sum <<<1, BLOCK>>> (partial, total, min(BLOCKS, ceil_div(n, 4 * BLOCK)))
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
partial_sums(const float* __restrict__ x, float* __restrict__ partial, int n)
{
    const float4* x4 = reinterpret_cast<const float4*>(x);
    const int quads = n / 4;
    const int stride = gridDim.x * BLOCK;
    const int thread = blockIdx.x * BLOCK + threadIdx.x;
    float4 sums = make_float4(0, 0, 0, 0);
    #pragma unroll 4
    for (int i = thread; i < quads; i += stride) {
        const float4 v = x4[i];
        sums.x += v.x;
        sums.y += v.y;
        sums.z += v.z;
        sums.w += v.w;
    }
    if (4 * quads + thread < n)
        sums.x += x[4 * quads + thread];
    const float sum = block_sum((sums.x + sums.y) + (sums.z + sums.w));
    if (threadIdx.x == 0)
        partial[blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
total_sum(const float* __restrict__ partial, float* __restrict__ total, int count)
{
    float sum = 0;
    for (int i = threadIdx.x; i < count; i += BLOCK)
        sum += partial[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        *total = sum;
}
