// One thread per row.
// @launch gemv <<<ceil_div(rows, 32), 32>>> (a, x, y, rows, cols)
extern "C" __global__ void gemv(const float* a, const float* x, float* y, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    float sum = 0.0f;
    for (int col = 0; col < cols; col++)
        sum += a[row * cols + col] * x[col];
    y[row] = sum;
}
