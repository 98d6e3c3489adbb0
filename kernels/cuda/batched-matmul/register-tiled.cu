// @operation batched-matmul
// @method    register-tile
// @summary   Four by four outputs a thread, 64 threads a 32x32 tile, several matrices a block.
// @tune MATRICES in [2, 1, 4]
// @launch batched_matmul <<<(ceil_div(batch, MATRICES), ceil_div(n, 32), ceil_div(n, 32)), (64, MATRICES)>>> (a, b, c, batch, n)
constexpr int TILE = 32;

// Four neighbouring elements of a row that ends `left` elements after p; zeros past its end.
__device__ __forceinline__ float4 load4(const float* p, int left, bool aligned) {
    if (aligned && left >= 4)
        return *(const float4*)p;
    return make_float4(left > 0 ? p[0] : 0.0f, left > 1 ? p[1] : 0.0f, left > 2 ? p[2] : 0.0f, left > 3 ? p[3] : 0.0f);
}

extern "C" __global__ void __launch_bounds__(64 * MATRICES)
    batched_matmul(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int batch, int n) {
    // The pitch of a's rows: 16-byte aligned, and the rows that a warp reads together in different banks.
    __shared__ __align__(16) float a_tile[MATRICES][TILE][TILE + 4];
    __shared__ __align__(16) float b_tile[MATRICES][TILE][TILE];
    int slot = threadIdx.y;
    int index = blockIdx.x * MATRICES + slot;
    // The rows that the tile may read: none for the matrices past the end, whose threads still meet the barriers.
    int rows = index < batch ? n : 0;
    size_t matrix = (size_t)index * n * n;
    int first_row = blockIdx.y * TILE;
    int first_col = blockIdx.z * TILE;
    int row = threadIdx.x / 8 * 4;
    int col = threadIdx.x % 8 * 4;
    bool aligned = n % 4 == 0;
    float sum[4][4] = {};

    for (int k0 = 0; k0 < n; k0 += TILE) {
#pragma unroll
        for (int i = threadIdx.x; i < TILE * TILE / 4; i += 64) {
            int tile_row = i / (TILE / 4);
            int tile_col = i % (TILE / 4) * 4;
            int left = first_row + tile_row < rows ? n - k0 - tile_col : 0;
            *(float4*)&a_tile[slot][tile_row][tile_col] =
                load4(a + matrix + (first_row + tile_row) * n + k0 + tile_col, left, aligned);
            left = k0 + tile_row < rows ? n - first_col - tile_col : 0;
            *(float4*)&b_tile[slot][tile_row][tile_col] =
                load4(b + matrix + (k0 + tile_row) * n + first_col + tile_col, left, aligned);
        }
        __syncthreads();
#pragma unroll 2
        for (int kk = 0; kk < TILE; kk += 4) {
            float4 v[4];
#pragma unroll
            for (int l = 0; l < 4; l++)
                v[l] = *(const float4*)&b_tile[slot][kk + l][col];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                float4 u4 = *(const float4*)&a_tile[slot][row + i][kk];
                float u[4] = {u4.x, u4.y, u4.z, u4.w};
#pragma unroll
                for (int l = 0; l < 4; l++) {
                    sum[i][0] += u[l] * v[l].x;
                    sum[i][1] += u[l] * v[l].y;
                    sum[i][2] += u[l] * v[l].z;
                    sum[i][3] += u[l] * v[l].w;
                }
            }
        }
        __syncthreads();
    }

#pragma unroll
    for (int i = 0; i < 4; i++) {
        int out_row = first_row + row + i;
        int out_col = first_col + col;
        if (out_row >= rows)
            continue;
        float* p = c + matrix + out_row * n + out_col;
        if (aligned && out_col < n) {
            *(float4*)p = make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
        } else {
#pragma unroll
            for (int j = 0; j < 4; j++) {
                if (out_col + j < n)
                    p[j] = sum[i][j];
            }
        }
    }
}
