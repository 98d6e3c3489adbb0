// @operation batched-matmul
// @method    shared-tile
// @summary   One block a tile of c, one thread an output; a whole small matrix is read once into shared memory.
// @tune TILE in [32, 16]
// @launch batched_matmul <<<(batch, ceil_div(n, TILE), ceil_div(n, TILE)), (TILE, TILE)>>> (a, b, c, n)
extern "C" __global__ void __launch_bounds__(TILE * TILE)
    batched_matmul(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int n) {
    __shared__ float a_tile[TILE][TILE];
    __shared__ float b_tile[TILE][TILE];
    size_t matrix = (size_t)blockIdx.x * n * n;
    int tx = threadIdx.x;
    int ty = threadIdx.y;
    int row = blockIdx.y * TILE + ty;
    int col = blockIdx.z * TILE + tx;
    float sum = 0.0f;
    for (int k0 = 0; k0 < n; k0 += TILE) {
        a_tile[ty][tx] = row < n && k0 + tx < n ? a[matrix + row * n + k0 + tx] : 0.0f;
        b_tile[ty][tx] = k0 + ty < n && col < n ? b[matrix + (k0 + ty) * n + col] : 0.0f;
        __syncthreads();
#pragma unroll
        for (int i = 0; i < TILE; i++)
            sum += a_tile[ty][i] * b_tile[i][tx];
        __syncthreads();
    }
    if (row < n && col < n)
        c[matrix + row * n + col] = sum;
}
