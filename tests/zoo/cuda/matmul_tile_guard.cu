// zoo: task=cuda/matmul expect=out_of_bounds|wrong_output
// @launch k <<<(ceil_div(n, 16), ceil_div(m, 16)), (16, 16)>>> (a, b, c, m, n, k)
extern "C" __global__ void k(const float* a, const float* b, float* c, int m, int n, int k) {
    __shared__ float s[16][16], t[16][16];
    int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * 16 + y, col = blockIdx.x * 16 + x;
    float sum = 0.0f;
    for (int i = 0; i < k; i += 16) {
        s[y][x] = a[row * k + i + x];
        t[y][x] = b[(i + y) * n + col];
        __syncthreads();
        for (int j = 0; j < 16; j++) sum += s[y][j] * t[j][x];
        __syncthreads();
    }
    if (row < m && col < n) c[row * n + col] = sum;
}
