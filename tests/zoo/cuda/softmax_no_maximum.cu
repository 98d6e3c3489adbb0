// zoo: task=cuda/softmax expect=wrong_output
// @launch k <<<ceil_div(rows, 32), 32>>> (x, y, rows, cols)
extern "C" __global__ void k(const float* x, float* y, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    float sum = 0.0f;
    for (int c = 0; c < cols; c++) sum += expf(x[row * cols + c]);
    for (int c = 0; c < cols; c++) y[row * cols + c] = expf(x[row * cols + c]) / sum;
}
