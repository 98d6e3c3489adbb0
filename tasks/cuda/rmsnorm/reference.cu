// One thread per row: mean of the squares, normalised values.
// @launch rmsnorm <<<ceil_div(rows, 32), 32>>> (x, gamma, y, rows, cols, eps)
extern "C" __global__ void rmsnorm(const float* x, const float* gamma, float* y, int rows, int cols, float eps) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    x += row * cols;
    y += row * cols;
    float squares = 0.0f;
    for (int col = 0; col < cols; col++)
        squares += x[col] * x[col];
    float scale = 1.0f / sqrtf(squares / cols + eps);
    for (int col = 0; col < cols; col++)
        y[col] = x[col] * scale * gamma[col];
}
