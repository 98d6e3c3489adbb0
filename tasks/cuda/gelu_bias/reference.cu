// One thread per element: 0.5 v (1 + tanh(sqrt(2 / pi) (v + 0.044715 v^3))) with v = x + bias.
// @launch gelu_bias <<<(ceil_div(cols, 256), rows), 256>>> (x, bias, y, cols)
extern "C" __global__ void gelu_bias(const float* x, const float* bias, float* y, int cols) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y;
    if (col < cols) {
        float v = x[row * cols + col] + bias[col];
        y[row * cols + col] = 0.5f * v * (1.0f + tanhf(0.7978845608f * (v + 0.044715f * v * v * v)));
    }
}
