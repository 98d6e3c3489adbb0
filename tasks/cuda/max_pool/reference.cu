// One thread per output element; one layer of blocks per image and channel.
// @launch max_pool <<<(ceil_div(width / 2, 16), ceil_div(height / 2, 16), batch * channels), (16, 16)>>> (x, y, height, width)
extern "C" __global__ void max_pool(const float* x, float* y, int height, int width) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    int plane = blockIdx.z;
    if (row >= height / 2 || col >= width / 2)
        return;
    float largest = -INFINITY;
    for (int dy = 0; dy < 2; dy++)
        for (int dx = 0; dx < 2; dx++)
            largest = fmaxf(largest, x[(plane * height + 2 * row + dy) * width + 2 * col + dx]);
    y[(plane * (height / 2) + row) * (width / 2) + col] = largest;
}
