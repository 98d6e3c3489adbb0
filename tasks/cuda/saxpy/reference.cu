// One thread per element.
// @launch saxpy <<<ceil_div(n, 256), 256>>> (alpha, x, y, n)
extern "C" __global__ void saxpy(float alpha, const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        y[i] = alpha * x[i] + y[i];
}
