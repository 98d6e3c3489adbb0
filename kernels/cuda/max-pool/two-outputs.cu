// @operation max-pool
// @method    multi-element
// @summary   One thread two neighbouring outputs: two 16-byte loads and one 8-byte store.
// @tune BLOCK in [256, 128, 512]
// @launch max_pool <<<ceil_div(batch * channels * (height / 2) * ceil_div(width / 2, 2), BLOCK), BLOCK>>> (x, y, batch * channels, height, width)
extern "C" __global__ void __launch_bounds__(BLOCK)
    max_pool(const float* __restrict__ x, float* __restrict__ y, int planes, int height, int width) {
    int out_height = height / 2;
    int out_width = width / 2;
    int pairs = (out_width + 1) / 2;
    int i = blockIdx.x * BLOCK + threadIdx.x;
    int row = i / pairs;
    int col = 2 * (i - row * pairs);
    if (row >= planes * out_height)
        return;
    int plane = row / out_height;
    const float* top = x + ((size_t)plane * height + 2 * (row - plane * out_height)) * width + 2 * col;
    const float* bottom = top + width;
    y += (size_t)row * out_width + col;
    if (width % 4 == 0) {
        float4 u = *(const float4*)top;
        float4 v = *(const float4*)bottom;
        *(float2*)y = make_float2(fmaxf(fmaxf(u.x, u.y), fmaxf(v.x, v.y)), fmaxf(fmaxf(u.z, u.w), fmaxf(v.z, v.w)));
    } else {
        y[0] = fmaxf(fmaxf(top[0], top[1]), fmaxf(bottom[0], bottom[1]));
        if (col + 1 < out_width)
            y[1] = fmaxf(fmaxf(top[2], top[3]), fmaxf(bottom[2], bottom[3]));
    }
}
