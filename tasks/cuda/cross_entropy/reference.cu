// One thread per row for its loss; one thread for the mean.
// @scratch row_loss f32 [rows]
// @launch row_losses <<<ceil_div(rows, 32), 32>>> (logits, labels, row_loss, rows, cols)
// @launch mean <<<1, 1>>> (row_loss, loss, rows)
extern "C" __global__ void row_losses(const float* logits, const int* labels, float* row_loss, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    logits += row * cols;
    float largest = -INFINITY;
    for (int col = 0; col < cols; col++)
        largest = fmaxf(largest, logits[col]);
    float sum = 0.0f;
    for (int col = 0; col < cols; col++)
        sum += expf(logits[col] - largest);
    row_loss[row] = largest + logf(sum) - logits[labels[row]];
}

extern "C" __global__ void mean(const float* row_loss, float* loss, int rows) {
    float sum = 0.0f;
    for (int row = 0; row < rows; row++)
        sum += row_loss[row];
    loss[0] = sum / rows;
}
