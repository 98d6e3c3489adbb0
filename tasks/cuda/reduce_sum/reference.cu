// Each of 4096 threads sums every 4096th element; one thread sums what they found.
// @scratch partial f32 [4096]
// @launch partial_sums <<<16, 256>>> (x, partial, n)
// @launch sum_of_partials <<<1, 1>>> (partial, total)
extern "C" __global__ void partial_sums(const float* x, float* partial, int n) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    float sum = 0.0f;
    for (int i = thread; i < n; i += 4096)
        sum += x[i];
    partial[thread] = sum;
}

extern "C" __global__ void sum_of_partials(const float* partial, float* total) {
    float sum = 0.0f;
    for (int i = 0; i < 4096; i++)
        sum += partial[i];
    total[0] = sum;
}
