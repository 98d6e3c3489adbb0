// @operation depthwise-conv
// @method    warp-shuffle
// @summary   A lane a column: the left and right neighbours come from other lanes by shuffle, so that each row is loaded once.
// @tune ROWS in [16, 8, 32]
// @tune WARPS in [4, 2, 8]
// @launch depthwise_conv <<<(batch * channels, ceil_div(height, ROWS * WARPS), ceil_div(width, 30)), (32, WARPS)>>> (x, w, y, channels, height, width)
extern "C" __global__ void __launch_bounds__(32 * WARPS)
    depthwise_conv(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ y, int channels,
                   int height, int width) {
    // Lanes 0 and 31 only lend their columns to their neighbours: 30 outputs a warp.
    int col = blockIdx.z * 30 + threadIdx.x - 1;
    int first_row = (blockIdx.y * WARPS + threadIdx.y) * ROWS;
    if (first_row >= height)
        return;
    x += (size_t)blockIdx.x * height * width;
    y += (size_t)blockIdx.x * height * width;
    float weight[9];
#pragma unroll
    for (int i = 0; i < 9; i++)
        weight[i] = w[blockIdx.x % channels * 9 + i];
    bool readable = col >= 0 && col < width;
    bool writes = threadIdx.x > 0 && threadIdx.x < 31 && col < width;

    // An input row's part in the outputs above, beside and below it, added as the row comes.
    float above = 0.0f;
    float here = 0.0f;
#pragma unroll
    for (int r = -1; r <= ROWS; r++) {
        int row = first_row + r;
        float mid = readable && row >= 0 && row < height ? x[row * width + col] : 0.0f;
        float left = __shfl_up_sync(0xffffffff, mid, 1);
        float right = __shfl_down_sync(0xffffffff, mid, 1);
        above += left * weight[6] + mid * weight[7] + right * weight[8];
        if (r >= 1 && writes && row <= height)
            y[(row - 1) * width + col] = above;
        above = here + left * weight[3] + mid * weight[4] + right * weight[5];
        here = left * weight[0] + mid * weight[1] + right * weight[2];
    }
}
