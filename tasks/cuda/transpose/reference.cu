// One thread per element, in the order of the input.
// @launch transpose <<<(ceil_div(cols, 16), ceil_div(rows, 16)), (16, 16)>>> (x, y, rows, cols)
extern "C" __global__ void transpose(const float* x, float* y, int rows, int cols) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row < rows && col < cols)
        y[col * rows + row] = x[row * cols + col];
}
