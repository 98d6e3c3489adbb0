// @operation histogram
// @method    vectorise
// @summary   int4 loads, ITEMS of them in flight before the first shared-memory addition; one shared histogram a block.
// @tune BLOCK in [512, 256, 1024]
// @tune ITEMS in [4, 8]
// @tune BLOCKS in [264, 528]
// @launch clear <<<ceil_div(bins, 256), 256>>> (counts, bins)
// @launch count <<<min(BLOCKS, ceil_div(n, 4 * BLOCK)), BLOCK, 4 * bins>>> (x, counts, n, bins)
extern "C" __global__ void clear(int* counts, int bins)
{
    const int bin = blockIdx.x * blockDim.x + threadIdx.x;
    if (bin < bins)
        counts[bin] = 0;
}

__device__ void add_quad(int* histogram, int4 v)
{
    atomicAdd(&histogram[v.x], 1);
    atomicAdd(&histogram[v.y], 1);
    atomicAdd(&histogram[v.z], 1);
    atomicAdd(&histogram[v.w], 1);
}

extern "C" __global__ void __launch_bounds__(BLOCK)
count(const int* __restrict__ x, int* __restrict__ counts, int n, int bins)
{
    extern __shared__ int histogram[];
    for (int bin = threadIdx.x; bin < bins; bin += BLOCK)
        histogram[bin] = 0;
    __syncthreads();

    const int4* x4 = reinterpret_cast<const int4*>(x);
    const int quads = n / 4;
    const int stride = gridDim.x * BLOCK;
    const int thread = blockIdx.x * BLOCK + threadIdx.x;
    int i = thread;
    for (; i + (ITEMS - 1) * stride < quads; i += ITEMS * stride) {
        int4 v[ITEMS];
        #pragma unroll
        for (int k = 0; k < ITEMS; ++k)
            v[k] = x4[i + k * stride];
        #pragma unroll
        for (int k = 0; k < ITEMS; ++k)
            add_quad(histogram, v[k]);
    }
    for (; i < quads; i += stride)
        add_quad(histogram, x4[i]);
    if (4 * quads + thread < n)
        atomicAdd(&histogram[x[4 * quads + thread]], 1);
    __syncthreads();

    for (int bin = threadIdx.x; bin < bins; bin += BLOCK)
        if (histogram[bin] != 0)
            atomicAdd(&counts[bin], histogram[bin]);
}
