// @operation transpose
// @method    pad-shared
// @summary   A 32 x 32 tile goes through shared memory, so that rows are read and rows are written; a 33rd column keeps the columns of the tile in different banks.
// @tune ROWS in [8, 4, 16, 32]
// @launch transpose <<<(ceil_div(cols, 32), ceil_div(rows, 32)), (32, ROWS)>>> (x, y, rows, cols)
extern "C" __global__ void __launch_bounds__(32 * ROWS)
transpose(const float* __restrict__ x, float* __restrict__ y, int rows, int cols)
{
    __shared__ float tile[32][33];
    const int row0 = blockIdx.y * 32;
    const int col0 = blockIdx.x * 32;

    #pragma unroll
    for (int r = threadIdx.y; r < 32; r += ROWS)
        if (row0 + r < rows && col0 + threadIdx.x < cols)
            tile[r][threadIdx.x] = x[(size_t)(row0 + r) * cols + col0 + threadIdx.x];
    __syncthreads();

    #pragma unroll
    for (int c = threadIdx.y; c < 32; c += ROWS)
        if (col0 + c < cols && row0 + threadIdx.x < rows)
            y[(size_t)(col0 + c) * rows + row0 + threadIdx.x] = tile[threadIdx.x][c];
}
