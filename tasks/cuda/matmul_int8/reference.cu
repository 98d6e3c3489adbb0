// One thread per element of c.
// @launch matmul_int8 <<<(ceil_div(n, 16), ceil_div(m, 16)), (16, 16)>>> (a, b, scale, c, m, n, k)
extern "C" __global__ void matmul_int8(const signed char* a, const signed char* b, const float* scale, float* c,
                                       int m, int n, int k) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row >= m || col >= n)
        return;
    int sum = 0;
    for (int i = 0; i < k; i++)
        sum += a[row * k + i] * b[col * k + i];
    c[row * n + col] = (float)sum * scale[col];
}
