// @operation max-pool
// @method    vectorise
// @summary   One thread an output: its window is two 8-byte loads, neighbouring threads share every sector fully.
// @tune ROWS in [8, 4, 16]
// @launch max_pool <<<(ceil_div(batch * channels * (height / 2), ROWS), ceil_div(width / 2, 32)), (32, ROWS)>>> (x, y, batch * channels, height, width)
extern "C" __global__ void __launch_bounds__(32 * ROWS)
    max_pool(const float* __restrict__ x, float* __restrict__ y, int planes, int height, int width) {
    int out_height = height / 2;
    int out_width = width / 2;
    // Output rows of all planes counted together.
    int row = blockIdx.x * ROWS + threadIdx.y;
    int col = blockIdx.y * 32 + threadIdx.x;
    if (row >= planes * out_height || col >= out_width)
        return;
    int plane = row / out_height;
    const float* top = x + ((size_t)plane * height + 2 * (row - plane * out_height)) * width + 2 * col;
    const float* bottom = top + width;
    float2 u, v;
    // An odd width puts every other row off the 8-byte alignment.
    if (width % 2 == 0) {
        u = *(const float2*)top;
        v = *(const float2*)bottom;
    } else {
        u = make_float2(top[0], top[1]);
        v = make_float2(bottom[0], bottom[1]);
    }
    y[(size_t)row * out_width + col] = fmaxf(fmaxf(u.x, u.y), fmaxf(v.x, v.y));
}
