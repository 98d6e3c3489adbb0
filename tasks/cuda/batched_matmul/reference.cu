// One thread per element of c; one layer of blocks per product.
// @launch batched_matmul <<<(ceil_div(n, 16), ceil_div(n, 16), batch), (16, 16)>>> (a, b, c, n)
extern "C" __global__ void batched_matmul(const float* a, const float* b, float* c, int n) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    int first = blockIdx.z * n * n;
    if (row >= n || col >= n)
        return;
    float sum = 0.0f;
    for (int i = 0; i < n; i++)
        sum += a[first + row * n + i] * b[first + i * n + col];
    c[first + row * n + col] = sum;
}
