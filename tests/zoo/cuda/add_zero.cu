// zoo: task=cuda/vector_add expect=wrong_output
// @launch k <<<ceil_div(n, 256), 256>>> (a, b, c, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) c[i] = 0.0f;
}
