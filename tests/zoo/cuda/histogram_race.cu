// zoo: task=cuda/histogram expect=data_race|wrong_output
// @launch zero <<<ceil_div(bins, 256), 256>>> (counts, bins)
// @launch k <<<ceil_div(n, 256), 256>>> (x, counts, n)
extern "C" __global__ void zero(int* counts, int bins) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < bins) counts[i] = 0;
}
extern "C" __global__ void k(const int* x, int* counts, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) counts[x[i]]++;
}
