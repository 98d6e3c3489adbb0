// @operation histogram
// @method    split
// @summary   No global atomics and no clearing: every block stores its shared histogram as a row of scratch, and a second launch adds up the columns.
// @tune BLOCK in [512, 256, 1024]
// @tune BLOCKS in [264, 132, 528]
// @scratch partial i32 [BLOCKS, bins]
// @launch block_counts <<<min(BLOCKS, ceil_div(n, 4 * BLOCK)), BLOCK, 4 * bins>>> (x, partial, n, bins)
// @launch add_rows <<<ceil_div(bins, 32), (32, 16)>>> (partial, counts, min(BLOCKS, ceil_div(n, 4 * BLOCK)), bins)
extern "C" __global__ void __launch_bounds__(BLOCK)
block_counts(const int* __restrict__ x, int* __restrict__ partial, int n, int bins)
{
    extern __shared__ int histogram[];
    for (int bin = threadIdx.x; bin < bins; bin += BLOCK)
        histogram[bin] = 0;
    __syncthreads();

    const int4* x4 = reinterpret_cast<const int4*>(x);
    const int quads = n / 4;
    const int thread = blockIdx.x * BLOCK + threadIdx.x;
    #pragma unroll 4
    for (int i = thread; i < quads; i += gridDim.x * BLOCK) {
        const int4 v = x4[i];
        atomicAdd(&histogram[v.x], 1);
        atomicAdd(&histogram[v.y], 1);
        atomicAdd(&histogram[v.z], 1);
        atomicAdd(&histogram[v.w], 1);
    }
    if (4 * quads + thread < n)
        atomicAdd(&histogram[x[4 * quads + thread]], 1);
    __syncthreads();

    for (int bin = threadIdx.x; bin < bins; bin += BLOCK)
        partial[blockIdx.x * bins + bin] = histogram[bin];
}

extern "C" __global__ void __launch_bounds__(512)
add_rows(const int* __restrict__ partial, int* __restrict__ counts, int rows, int bins)
{
    __shared__ int sums[16][32];
    const int bin = blockIdx.x * 32 + threadIdx.x;
    int sum = 0;
    if (bin < bins)
        #pragma unroll 4
        for (int row = threadIdx.y; row < rows; row += 16)
            sum += partial[row * bins + bin];
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && bin < bins) {
        for (int part = 1; part < 16; ++part)
            sum += sums[part][threadIdx.x];
        counts[bin] = sum;
    }
}
