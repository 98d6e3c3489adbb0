// @operation reduce-sum
// @method    warp-shuffle
// @summary   No scratch and no barrier: every warp strides over the vector, adds up by shuffles and sends one atomic addition to the total.
// @tune BLOCK in [256, 512]
// @tune BLOCKS in [528, 1056, 264]
// @launch clear <<<1, 1>>> (total)
// @launch add_up <<<min(BLOCKS, ceil_div(n, 4 * BLOCK)), BLOCK>>> (x, total, n)
extern "C" __global__ void clear(float* total)
{
    *total = 0;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
add_up(const float* __restrict__ x, float* __restrict__ total, int n)
{
    const float4* x4 = reinterpret_cast<const float4*>(x);
    const int quads = n / 4;
    const int stride = gridDim.x * BLOCK;
    const int thread = blockIdx.x * BLOCK + threadIdx.x;
    float sum = 0;
    #pragma unroll 4
    for (int i = thread; i < quads; i += stride) {
        const float4 v = x4[i];
        sum += (v.x + v.y) + (v.z + v.w);
    }
    if (4 * quads + thread < n)
        sum += x[4 * quads + thread];
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffff, sum, offset);
    if (threadIdx.x % 32 == 0)
        atomicAdd(total, sum);
}
