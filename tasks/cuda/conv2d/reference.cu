// One thread per output element; one layer of blocks per image and output channel.
// @launch conv2d <<<(ceil_div(width, 16), ceil_div(height, 16), batch * cout), (16, 16)>>> (x, w, y, cin, cout, height, width)
extern "C" __global__ void conv2d(const float* x, const float* w, float* y,
                                  int cin, int cout, int height, int width) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    int image = blockIdx.z / cout;
    int channel = blockIdx.z % cout;
    if (row >= height || col >= width)
        return;
    float sum = 0.0f;
    for (int c = 0; c < cin; c++)
        for (int dy = 0; dy < 3; dy++)
            for (int dx = 0; dx < 3; dx++) {
                int from_row = row + dy - 1;
                int from_col = col + dx - 1;
                if (from_row >= 0 && from_row < height && from_col >= 0 && from_col < width)
                    sum += x[((image * cin + c) * height + from_row) * width + from_col]
                         * w[((channel * cin + c) * 3 + dy) * 3 + dx];
            }
    y[((image * cout + channel) * height + row) * width + col] = sum;
}
