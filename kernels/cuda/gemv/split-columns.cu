// @operation gemv
// @method    split
// @summary   Every row is cut into PARTS pieces, a warp each, so that few long rows fill the GPU; a second launch adds the pieces.
// @tune PARTS in [4, 2, 8, 16]
// @tune BLOCK in [256, 128]
// @scratch partial f32 [PARTS, rows]
// @launch partial_sums <<<(ceil_div(rows, BLOCK / 32), PARTS), BLOCK>>> (a, x, partial, rows, cols)
// @launch add_parts <<<ceil_div(rows, BLOCK), BLOCK>>> (partial, y, rows)
extern "C" __global__ void __launch_bounds__(BLOCK)
    partial_sums(const float* __restrict__ a, const float* __restrict__ x, float* __restrict__ partial, int rows,
                 int cols) {
    int lane = threadIdx.x % 32;
    int row = blockIdx.x * (BLOCK / 32) + threadIdx.x / 32;
    if (row >= rows)
        return;
    a += (size_t)row * cols;
    // Parts begin at multiples of 128 columns: whole cache lines.
    int width = (cols + PARTS * 128 - 1) / (PARTS * 128) * 128;
    int begin = min((int)blockIdx.y * width, cols);
    int end = min(begin + width, cols);
    float sum = 0.0f;
    if (cols % 4 == 0) {
#pragma unroll 4
        for (int col = begin + 4 * lane; col < end; col += 128) {
            float4 u = *(const float4*)(a + col);
            float4 v = *(const float4*)(x + col);
            sum += u.x * v.x + u.y * v.y + u.z * v.z + u.w * v.w;
        }
    } else {
        for (int col = begin + lane; col < end; col += 32)
            sum += a[col] * x[col];
    }
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffff, sum, offset);
    if (lane == 0)
        partial[blockIdx.y * rows + row] = sum;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    add_parts(const float* __restrict__ partial, float* __restrict__ y, int rows) {
    int row = blockIdx.x * BLOCK + threadIdx.x;
    if (row >= rows)
        return;
    float sum = 0.0f;
    for (int part = 0; part < PARTS; part++)
        sum += partial[part * rows + row];
    y[row] = sum;
}
