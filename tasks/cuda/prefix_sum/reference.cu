// One thread per chunk of 4096 elements: the sum of each chunk, what comes before each chunk, the sums within it.
// @scratch chunk_sum i32 [ceil_div(n, 4096)]
// @scratch before i32 [ceil_div(n, 4096)]
// @launch sum_chunks <<<ceil_div(n, 32 * 4096), 32>>> (x, chunk_sum, n, ceil_div(n, 4096))
// @launch scan_chunks <<<1, 1>>> (chunk_sum, before, ceil_div(n, 4096))
// @launch scan_elements <<<ceil_div(n, 32 * 4096), 32>>> (x, before, y, n, ceil_div(n, 4096))
extern "C" __global__ void sum_chunks(const int* x, int* chunk_sum, int n, int chunks) {
    int chunk = blockIdx.x * blockDim.x + threadIdx.x;
    if (chunk >= chunks)
        return;
    int end = min((chunk + 1) * 4096, n);
    int sum = 0;
    for (int i = chunk * 4096; i < end; i++)
        sum += x[i];
    chunk_sum[chunk] = sum;
}

extern "C" __global__ void scan_chunks(const int* chunk_sum, int* before, int chunks) {
    int sum = 0;
    for (int chunk = 0; chunk < chunks; chunk++) {
        before[chunk] = sum;
        sum += chunk_sum[chunk];
    }
}

extern "C" __global__ void scan_elements(const int* x, const int* before, int* y, int n, int chunks) {
    int chunk = blockIdx.x * blockDim.x + threadIdx.x;
    if (chunk >= chunks)
        return;
    int end = min((chunk + 1) * 4096, n);
    int sum = before[chunk];
    for (int i = chunk * 4096; i < end; i++) {
        sum += x[i];
        y[i] = sum;
    }
}
