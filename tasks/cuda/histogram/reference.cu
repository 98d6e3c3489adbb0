// One thread per element, which adds one to its bin.
// @launch clear <<<ceil_div(bins, 256), 256>>> (counts, bins)
// @launch count <<<ceil_div(n, 256), 256>>> (x, counts, n)
extern "C" __global__ void clear(int* counts, int bins) {
    int bin = blockIdx.x * blockDim.x + threadIdx.x;
    if (bin < bins)
        counts[bin] = 0;
}

extern "C" __global__ void count(const int* x, int* counts, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        atomicAdd(&counts[x[i]], 1);
}
