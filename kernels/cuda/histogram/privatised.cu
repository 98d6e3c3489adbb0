// @operation histogram
// @method    privatise
// @summary   COPIES histograms a block in shared memory, the warps spread over them; one global addition per block and bin at the end.
// @tune BLOCK in [256, 512, 1024]
// @tune COPIES in [2, 1, 4]
// @tune BLOCKS in [264, 528]
// @launch clear <<<ceil_div(bins, 256), 256>>> (counts, bins)
// @launch count <<<min(BLOCKS, ceil_div(n, 4 * BLOCK)), BLOCK, 4 * COPIES * bins>>> (x, counts, n, bins)
extern "C" __global__ void clear(int* counts, int bins)
{
    const int bin = blockIdx.x * blockDim.x + threadIdx.x;
    if (bin < bins)
        counts[bin] = 0;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
count(const int* __restrict__ x, int* __restrict__ counts, int n, int bins)
{
    extern __shared__ int copies[];
    for (int i = threadIdx.x; i < COPIES * bins; i += BLOCK)
        copies[i] = 0;
    __syncthreads();

    int* mine = copies + threadIdx.x / 32 % COPIES * bins;
    #pragma unroll 4
    for (int i = blockIdx.x * BLOCK + threadIdx.x; i < n; i += gridDim.x * BLOCK)
        atomicAdd(&mine[x[i]], 1);
    __syncthreads();

    for (int bin = threadIdx.x; bin < bins; bin += BLOCK) {
        int total = 0;
        for (int copy = 0; copy < COPIES; ++copy)
            total += copies[copy * bins + bin];
        if (total != 0)
            atomicAdd(&counts[bin], total);
    }
}
