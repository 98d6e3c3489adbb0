// One thread per row: its largest value, the sum of the exponentials, the quotients.
// @launch softmax <<<ceil_div(rows, 32), 32>>> (x, y, rows, cols)
extern "C" __global__ void softmax(const float* x, float* y, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    x += row * cols;
    y += row * cols;
    float largest = -INFINITY;
    for (int col = 0; col < cols; col++)
        largest = fmaxf(largest, x[col]);
    float sum = 0.0f;
    for (int col = 0; col < cols; col++)
        sum += expf(x[col] - largest);
    for (int col = 0; col < cols; col++)
        y[col] = expf(x[col] - largest) / sum;
}
