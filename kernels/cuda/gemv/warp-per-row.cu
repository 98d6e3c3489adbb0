// @operation gemv
// @method    warp-shuffle
// @summary   One warp a row: lanes read neighbouring columns and five shuffles add their sums.
// @tune BLOCK in [256, 128, 512]
// @launch gemv <<<ceil_div(rows, BLOCK / 32), BLOCK>>> (a, x, y, rows, cols)
extern "C" __global__ void __launch_bounds__(BLOCK)
    gemv(const float* __restrict__ a, const float* __restrict__ x, float* __restrict__ y, int rows, int cols) {
    int lane = threadIdx.x % 32;
    int row = blockIdx.x * (BLOCK / 32) + threadIdx.x / 32;
    if (row >= rows)
        return;
    a += (size_t)row * cols;
    float sum = 0.0f;
    for (int col = lane; col < cols; col += 32)
        sum += a[col] * x[col];
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffff, sum, offset);
    if (lane == 0)
        y[row] = sum;
}
