// One thread per element.
// @launch vector_add <<<ceil_div(n, 256), 256>>> (a, b, c, n)
extern "C" __global__ void vector_add(const float* a, const float* b, float* c, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        c[i] = a[i] + b[i];
}
