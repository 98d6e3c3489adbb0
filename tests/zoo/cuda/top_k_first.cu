// zoo: task=cuda/top_k expect=wrong_output
// @launch k <<<rows, 32>>> (x, values, indices, cols, k)
extern "C" __global__ void k(const float* x, float* values, int* indices, int cols, int k) {
    for (int i = threadIdx.x; i < k; i += 32) { values[blockIdx.x * k + i] = x[blockIdx.x * cols + i]; indices[blockIdx.x * k + i] = i; }
}
