// @operation matmul-f16
// @method    register-tile
// @summary   Without tensor cores: tiles widened to f32 on the way into shared memory, four by four outputs a thread.
// @tune BM in [64, 128]
// @tune BN in [64, 128]
// @tune BK in [16, 8]
// @launch matmul_f16 <<<(ceil_div(n, BN), ceil_div(m, BM)), BM * BN / 16>>> (a, b, c, m, n, k)
#include <cuda_fp16.h>

constexpr int THREADS = BM * BN / 16;

extern "C" __global__ void __launch_bounds__(THREADS, 1)
    matmul_f16(const half* __restrict__ a, const half* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    // a transposed, so that a thread's rows are neighbours.
    __shared__ __align__(16) float a_tile[BK][BM + 4];
    __shared__ __align__(16) float b_tile[BK][BN];
    int first_row = blockIdx.y * BM;
    int first_col = blockIdx.x * BN;
    int row = threadIdx.x / (BN / 4) * 4;
    int col = threadIdx.x % (BN / 4) * 4;
    float sum[4][4] = {};

    for (int k0 = 0; k0 < k; k0 += BK) {
        for (int i = threadIdx.x; i < BM * BK; i += THREADS) {
            int r = first_row + i / BK;
            int kk = k0 + i % BK;
            a_tile[i % BK][i / BK] = r < m && kk < k ? __half2float(a[(size_t)r * k + kk]) : 0.0f;
        }
        for (int i = threadIdx.x; i < BK * BN; i += THREADS) {
            int kk = k0 + i / BN;
            int j = first_col + i % BN;
            b_tile[i / BN][i % BN] = kk < k && j < n ? __half2float(b[(size_t)kk * n + j]) : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int kk = 0; kk < BK; kk++) {
            float4 u4 = *(const float4*)&a_tile[kk][row];
            float4 v4 = *(const float4*)&b_tile[kk][col];
            float u[4] = {u4.x, u4.y, u4.z, u4.w};
            float v[4] = {v4.x, v4.y, v4.z, v4.w};
#pragma unroll
            for (int i = 0; i < 4; i++) {
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sum[i][j] += u[i] * v[j];
            }
        }
        __syncthreads();
    }

#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
            int out_row = first_row + row + i;
            int out_col = first_col + col + j;
            if (out_row < m && out_col < n)
                c[(size_t)out_row * n + out_col] = sum[i][j];
        }
    }
}
