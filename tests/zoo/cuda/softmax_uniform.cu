// zoo: task=cuda/softmax expect=wrong_output
// @launch k <<<rows, 32>>> (x, y, rows, cols)
extern "C" __global__ void k(const float* x, float* y, int rows, int cols) {
    for (int c = threadIdx.x; c < cols; c += 32) y[blockIdx.x * cols + c] = 1.0f / cols;
}
