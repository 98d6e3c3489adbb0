// @operation depthwise-conv
// @method    shared-tile
// @summary   A tile of the plane and its border are read once into shared memory; each element serves nine outputs there.
// @tune TILE_HEIGHT in [32, 16, 8]
// @tune BLOCK_HEIGHT in [8, 4]
// @launch depthwise_conv <<<(batch * channels, ceil_div(height, TILE_HEIGHT), ceil_div(width, 32)), (32, BLOCK_HEIGHT)>>> (x, w, y, channels, height, width)
extern "C" __global__ void __launch_bounds__(32 * BLOCK_HEIGHT)
    depthwise_conv(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ y, int channels,
                   int height, int width) {
    __shared__ float tile[TILE_HEIGHT + 2][34];
    size_t plane = (size_t)blockIdx.x * height * width;
    int top = blockIdx.y * TILE_HEIGHT - 1;
    int left = blockIdx.z * 32 - 1;
    for (int row = threadIdx.y; row < TILE_HEIGHT + 2; row += BLOCK_HEIGHT) {
        for (int col = threadIdx.x; col < 34; col += 32) {
            int in_row = top + row;
            int in_col = left + col;
            bool inside = in_row >= 0 && in_row < height && in_col >= 0 && in_col < width;
            tile[row][col] = inside ? x[plane + in_row * width + in_col] : 0.0f;
        }
    }
    float weight[9];
#pragma unroll
    for (int i = 0; i < 9; i++)
        weight[i] = w[blockIdx.x % channels * 9 + i];
    __syncthreads();

    int out_col = left + 1 + threadIdx.x;
    if (out_col >= width)
        return;
    for (int row = threadIdx.y; row < TILE_HEIGHT; row += BLOCK_HEIGHT) {
        int out_row = top + 1 + row;
        if (out_row >= height)
            break;
        float sum = 0.0f;
#pragma unroll
        for (int i = 0; i < 3; i++) {
#pragma unroll
            for (int j = 0; j < 3; j++)
                sum += tile[row + i][threadIdx.x + j] * weight[3 * i + j];
        }
        y[plane + out_row * width + out_col] = sum;
    }
}
