// @operation matmul
// @method    register-tile
// @summary   Eight by eight outputs a thread: each 16-byte shared load feeds 32 multiply-adds; tiles BM x BK and BK x BN.
// @tune BM in [128, 64]
// @tune BN in [128, 64]
// @tune BK in [8, 16]
// @launch matmul <<<(ceil_div(n, BN), ceil_div(m, BM)), BM * BN / 64>>> (a, b, c, m, n, k)
constexpr int THREADS = BM * BN / 64;

// Four neighbouring elements of a row that ends `left` elements after p; zeros past its end.
__device__ __forceinline__ float4 load4(const float* p, int left, bool aligned) {
    if (aligned && left >= 4)
        return *(const float4*)p;
    return make_float4(left > 0 ? p[0] : 0.0f, left > 1 ? p[1] : 0.0f, left > 2 ? p[2] : 0.0f, left > 3 ? p[3] : 0.0f);
}

__device__ __forceinline__ void store4(float* p, float4 v, int left, bool aligned) {
    if (aligned && left >= 4) {
        *(float4*)p = v;
        return;
    }
    if (left > 0)
        p[0] = v.x;
    if (left > 1)
        p[1] = v.y;
    if (left > 2)
        p[2] = v.z;
    if (left > 3)
        p[3] = v.w;
}

extern "C" __global__ void __launch_bounds__(THREADS)
    matmul(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    // a transposed, so that a thread's rows are neighbours; the pitch spreads the transposing stores over the banks.
    __shared__ __align__(16) float a_tile[BK][BM + 4];
    __shared__ __align__(16) float b_tile[BK][BN];
    int first_row = blockIdx.y * BM;
    int first_col = blockIdx.x * BN;
    // A thread's outputs are four quads: rows row..row+3 and row+BM/2.., columns likewise.
    int row = threadIdx.x / (BN / 8) * 4;
    int col = threadIdx.x % (BN / 8) * 4;
    bool a_aligned = k % 4 == 0;
    bool b_aligned = n % 4 == 0;
    float sum[8][8] = {};

    for (int k0 = 0; k0 < k; k0 += BK) {
        for (int i = threadIdx.x; i < BM * BK / 4; i += THREADS) {
            int r = i / (BK / 4);
            int kk = i % (BK / 4) * 4;
            int left = first_row + r < m ? k - k0 - kk : 0;
            float4 v = load4(a + (size_t)(first_row + r) * k + k0 + kk, left, a_aligned);
            a_tile[kk][r] = v.x;
            a_tile[kk + 1][r] = v.y;
            a_tile[kk + 2][r] = v.z;
            a_tile[kk + 3][r] = v.w;
        }
        for (int i = threadIdx.x; i < BK * BN / 4; i += THREADS) {
            int kk = i / (BN / 4);
            int j = i % (BN / 4) * 4;
            int left = k0 + kk < k ? n - first_col - j : 0;
            *(float4*)&b_tile[kk][j] = load4(b + (size_t)(k0 + kk) * n + first_col + j, left, b_aligned);
        }
        __syncthreads();
#pragma unroll 4
        for (int kk = 0; kk < BK; kk++) {
            float4 a0 = *(const float4*)&a_tile[kk][row];
            float4 a1 = *(const float4*)&a_tile[kk][row + BM / 2];
            float4 b0 = *(const float4*)&b_tile[kk][col];
            float4 b1 = *(const float4*)&b_tile[kk][col + BN / 2];
            float u[8] = {a0.x, a0.y, a0.z, a0.w, a1.x, a1.y, a1.z, a1.w};
            float v[8] = {b0.x, b0.y, b0.z, b0.w, b1.x, b1.y, b1.z, b1.w};
#pragma unroll
            for (int i = 0; i < 8; i++) {
#pragma unroll
                for (int j = 0; j < 8; j++)
                    sum[i][j] += u[i] * v[j];
            }
        }
        __syncthreads();
    }

#pragma unroll
    for (int i = 0; i < 8; i++) {
        int out_row = first_row + row + i % 4 + i / 4 * (BM / 2);
        if (out_row >= m)
            continue;
#pragma unroll
        for (int j = 0; j < 8; j += 4) {
            int out_col = first_col + col + j / 4 * (BN / 2);
            float4 v = make_float4(sum[i][j], sum[i][j + 1], sum[i][j + 2], sum[i][j + 3]);
            store4(c + (size_t)out_row * n + out_col, v, n - out_col, b_aligned);
        }
    }
}
