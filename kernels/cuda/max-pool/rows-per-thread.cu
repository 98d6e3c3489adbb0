// @operation max-pool
// @method    thread-coarsen
// @summary   One thread ROWS outputs below one another: all loads issued before the first store, one index computation for all.
// @tune ROWS in [4, 2, 8]
// @tune BLOCK_ROWS in [4, 2, 8]
// @launch max_pool <<<(batch * channels, ceil_div(height / 2, ROWS * BLOCK_ROWS), ceil_div(width / 2, 32)), (32, BLOCK_ROWS)>>> (x, y, height, width)
extern "C" __global__ void __launch_bounds__(32 * BLOCK_ROWS)
    max_pool(const float* __restrict__ x, float* __restrict__ y, int height, int width) {
    int out_height = height / 2;
    int out_width = width / 2;
    int col = blockIdx.z * 32 + threadIdx.x;
    int first_row = (blockIdx.y * BLOCK_ROWS + threadIdx.y) * ROWS;
    if (col >= out_width)
        return;
    x += ((size_t)blockIdx.x * height + 2 * first_row) * width + 2 * col;
    y += ((size_t)blockIdx.x * out_height + first_row) * out_width + col;
    bool paired = width % 2 == 0;
    float largest[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        if (first_row + r < out_height) {
            const float* top = x + 2 * r * width;
            const float* bottom = top + width;
            float2 u = paired ? *(const float2*)top : make_float2(top[0], top[1]);
            float2 v = paired ? *(const float2*)bottom : make_float2(bottom[0], bottom[1]);
            largest[r] = fmaxf(fmaxf(u.x, u.y), fmaxf(v.x, v.y));
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        if (first_row + r < out_height)
            y[r * out_width] = largest[r];
    }
}
