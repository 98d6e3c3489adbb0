// One thread per output element; one layer of blocks per image and channel.
// @launch depthwise_conv <<<(ceil_div(width, 16), ceil_div(height, 16), batch * channels), (16, 16)>>> (x, w, y, channels, height, width)
extern "C" __global__ void depthwise_conv(const float* x, const float* w, float* y,
                                          int channels, int height, int width) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    int plane = blockIdx.z;
    int channel = plane % channels;
    if (row >= height || col >= width)
        return;
    float sum = 0.0f;
    for (int dy = 0; dy < 3; dy++)
        for (int dx = 0; dx < 3; dx++) {
            int from_row = row + dy - 1;
            int from_col = col + dx - 1;
            if (from_row >= 0 && from_row < height && from_col >= 0 && from_col < width)
                sum += x[(plane * height + from_row) * width + from_col] * w[(channel * 3 + dy) * 3 + dx];
        }
    y[(plane * height + row) * width + col] = sum;
}
