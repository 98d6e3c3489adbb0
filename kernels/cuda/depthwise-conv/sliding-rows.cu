// @operation depthwise-conv
// @method    thread-coarsen
// @summary   One thread ROWS outputs down a column: three rows of the window slide through registers, three loads an output.
// @tune ROWS in [16, 8, 4]
// @tune BLOCK_HEIGHT in [4, 2, 8]
// @launch depthwise_conv <<<(batch * channels, ceil_div(height, ROWS * BLOCK_HEIGHT), ceil_div(width, 32)), (32, BLOCK_HEIGHT)>>> (x, w, y, channels, height, width)

// The three elements around `col` in row `row` of a plane; zeros outside.
__device__ __forceinline__ float3 load3(const float* plane, int row, int col, int height, int width) {
    float3 v = make_float3(0.0f, 0.0f, 0.0f);
    if (row < 0 || row >= height)
        return v;
    const float* p = plane + row * width + col;
    if (col > 0)
        v.x = p[-1];
    v.y = p[0];
    if (col + 1 < width)
        v.z = p[1];
    return v;
}

extern "C" __global__ void __launch_bounds__(32 * BLOCK_HEIGHT)
    depthwise_conv(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ y, int channels,
                   int height, int width) {
    int col = blockIdx.z * 32 + threadIdx.x;
    int first_row = (blockIdx.y * BLOCK_HEIGHT + threadIdx.y) * ROWS;
    if (col >= width || first_row >= height)
        return;
    x += (size_t)blockIdx.x * height * width;
    y += (size_t)blockIdx.x * height * width;
    float weight[9];
#pragma unroll
    for (int i = 0; i < 9; i++)
        weight[i] = w[blockIdx.x % channels * 9 + i];

    float3 above = load3(x, first_row - 1, col, height, width);
    float3 here = load3(x, first_row, col, height, width);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        int row = first_row + r;
        if (row >= height)
            break;
        float3 below = load3(x, row + 1, col, height, width);
        y[row * width + col] = above.x * weight[0] + above.y * weight[1] + above.z * weight[2] + here.x * weight[3] +
                               here.y * weight[4] + here.z * weight[5] + below.x * weight[6] + below.y * weight[7] +
                               below.z * weight[8];
        above = here;
        here = below;
    }
}
