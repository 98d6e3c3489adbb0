// @operation depthwise-conv
// @method    vectorise
// @summary   One thread four neighbouring outputs of ROWS rows: 16-byte loads and stores, two single loads for the border.
// @tune ROWS in [4, 2, 8]
// @tune BLOCK in [128, 256]
// @launch depthwise_conv <<<(batch * channels, ceil_div(ceil_div(width, 4) * ceil_div(height, ROWS), BLOCK)), BLOCK>>> (x, w, y, channels, height, width)

// Elements col-1 .. col+4 of row `row` of a plane; zeros outside.
__device__ __forceinline__ void load6(float* v, const float* plane, int row, int col, int height, int width) {
    bool inside = row >= 0 && row < height;
    const float* p = plane + row * width + col;
    v[0] = inside && col > 0 ? p[-1] : 0.0f;
    if (width % 4 == 0) {
        float4 u = inside ? *(const float4*)p : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        v[1] = u.x;
        v[2] = u.y;
        v[3] = u.z;
        v[4] = u.w;
    } else {
#pragma unroll
        for (int i = 0; i < 4; i++)
            v[1 + i] = inside && col + i < width ? p[i] : 0.0f;
    }
    v[5] = inside && col + 4 < width ? p[4] : 0.0f;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    depthwise_conv(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ y, int channels,
                   int height, int width) {
    int quads = (width + 3) / 4;
    int i = blockIdx.y * BLOCK + threadIdx.x;
    int first_row = i / quads * ROWS;
    int col = i % quads * 4;
    if (first_row >= height)
        return;
    x += (size_t)blockIdx.x * height * width;
    y += (size_t)blockIdx.x * height * width;
    float weight[9];
#pragma unroll
    for (int j = 0; j < 9; j++)
        weight[j] = w[blockIdx.x % channels * 9 + j];

    float window[3][6];
    load6(window[0], x, first_row - 1, col, height, width);
    load6(window[1], x, first_row, col, height, width);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        int row = first_row + r;
        if (row >= height)
            break;
        // The window's rows take turns in the three places.
        load6(window[(r + 2) % 3], x, row + 1, col, height, width);
        float sum[4] = {};
#pragma unroll
        for (int j = 0; j < 3; j++) {
#pragma unroll
            for (int l = 0; l < 4; l++)
                sum[l] += window[(r + j) % 3][l] * weight[3 * j] + window[(r + j) % 3][l + 1] * weight[3 * j + 1] +
                          window[(r + j) % 3][l + 2] * weight[3 * j + 2];
        }
        float* p = y + row * width + col;
        if (width % 4 == 0) {
            *(float4*)p = make_float4(sum[0], sum[1], sum[2], sum[3]);
        } else {
#pragma unroll
            for (int l = 0; l < 4; l++) {
                if (col + l < width)
                    p[l] = sum[l];
            }
        }
    }
}
