// One thread per row: mean, variance, normalised values.
// @launch layernorm <<<ceil_div(rows, 32), 32>>> (x, gamma, beta, y, rows, cols, eps)
extern "C" __global__ void layernorm(const float* x, const float* gamma, const float* beta, float* y,
                                     int rows, int cols, float eps) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    x += row * cols;
    y += row * cols;
    float sum = 0.0f;
    for (int col = 0; col < cols; col++)
        sum += x[col];
    float mean = sum / cols;
    float squares = 0.0f;
    for (int col = 0; col < cols; col++)
        squares += (x[col] - mean) * (x[col] - mean);
    float scale = 1.0f / sqrtf(squares / cols + eps);
    for (int col = 0; col < cols; col++)
        y[col] = (x[col] - mean) * scale * gamma[col] + beta[col];
}
