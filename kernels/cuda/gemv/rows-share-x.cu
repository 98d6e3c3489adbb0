// @operation gemv
// @method    multi-element
// @summary   A warp takes several rows at once: each 16-byte piece of x is loaded once for all of them.
// @tune BLOCK in [128, 256]
// @tune ROWS in [4, 2, 8]
// @launch gemv <<<ceil_div(rows, BLOCK / 32 * ROWS), BLOCK>>> (a, x, y, rows, cols)
extern "C" __global__ void __launch_bounds__(BLOCK)
    gemv(const float* __restrict__ a, const float* __restrict__ x, float* __restrict__ y, int rows, int cols) {
    int lane = threadIdx.x % 32;
    int first_row = (blockIdx.x * (BLOCK / 32) + threadIdx.x / 32) * ROWS;
    if (first_row >= rows)
        return;
    const float* row[ROWS];
    float sum[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        // Rows past the end repeat the last one; their sums are not stored.
        row[r] = a + (size_t)min(first_row + r, rows - 1) * cols;
        sum[r] = 0.0f;
    }
    int vectors = cols % 4 == 0 ? cols / 4 : 0;
    for (int i = lane; i < vectors; i += 32) {
        float4 v = ((const float4*)x)[i];
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float4 u = ((const float4*)row[r])[i];
            sum[r] += u.x * v.x + u.y * v.y + u.z * v.z + u.w * v.w;
        }
    }
    for (int col = 4 * vectors + lane; col < cols; col += 32) {
#pragma unroll
        for (int r = 0; r < ROWS; r++)
            sum[r] += row[r][col] * x[col];
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        for (int offset = 16; offset > 0; offset /= 2)
            sum[r] += __shfl_xor_sync(0xffffffff, sum[r], offset);
        if (lane == 0 && first_row + r < rows)
            y[first_row + r] = sum[r];
    }
}
