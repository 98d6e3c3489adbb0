// zoo: task=cuda/vector_add expect=out_of_bounds|timeout
__device__ __noinline__ float deep(float x, int n) { volatile float v = x; return n == 0 ? x : deep(v, n - 1) + 1.0f; }
// @launch k <<<ceil_div(n, 256), 256>>> (a, b, c, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) c[i] = deep(a[i], n + 100000000) + b[i];
}
