// zoo: task=cuda/vector_add expect=too_fast
// @launch k <<<ceil_div(n, 256), 256>>> (a, b, c, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && n < 1000000) c[i] = a[i] + b[i];
}
