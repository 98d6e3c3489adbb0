// @operation matmul
// @method    tensor-core
// @summary   Each fp32 operand is cut into two tf32 parts; three tensor-core products of the parts keep fp32 accuracy.
// @tune BM in [128, 64]
// @tune BN in [128, 64]
// @launch matmul <<<(ceil_div(n, BN), ceil_div(m, BM)), 256>>> (a, b, c, m, n, k)
#include <mma.h>
using namespace nvcuda;

constexpr int BK = 16;
// Eight warps, two by four; each has a part of the block's tile made of 16x16 fragments.
constexpr int WARP_M = BM / 2;
constexpr int WARP_N = BN / 4;
constexpr int FRAGMENTS_M = WARP_M / 16;
constexpr int FRAGMENTS_N = WARP_N / 16;

typedef wmma::fragment<wmma::matrix_a, 16, 16, 8, wmma::precision::tf32, wmma::row_major> FragmentA;
typedef wmma::fragment<wmma::matrix_b, 16, 16, 8, wmma::precision::tf32, wmma::row_major> FragmentB;
typedef wmma::fragment<wmma::accumulator, 16, 16, 8, float> Accumulator;

// `large` holds fp32 values on entry and their leading tf32 part on return; `small` gets what was cut off.
template <typename Fragment>
__device__ __forceinline__ void cut(Fragment& large, Fragment& small) {
#pragma unroll
    for (int i = 0; i < large.num_elements; i++) {
        float value = large.x[i];
        large.x[i] = wmma::__float_to_tf32(value);
        small.x[i] = wmma::__float_to_tf32(value - large.x[i]);
    }
}

__device__ __forceinline__ float4 load4(const float* p, int left, bool aligned) {
    if (aligned && left >= 4)
        return *(const float4*)p;
    return make_float4(left > 0 ? p[0] : 0.0f, left > 1 ? p[1] : 0.0f, left > 2 ? p[2] : 0.0f, left > 3 ? p[3] : 0.0f);
}

extern "C" __global__ void __launch_bounds__(256, 1)
    matmul(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ __align__(32) float a_tile[BM][BK + 4];
    __shared__ __align__(32) float b_tile[BK][BN + 4];
    __shared__ __align__(32) float staged[8][16 * 16];
    int warp = threadIdx.x / 32;
    int lane = threadIdx.x % 32;
    int warp_row = warp / 4 * WARP_M;
    int warp_col = warp % 4 * WARP_N;
    int first_row = blockIdx.y * BM;
    int first_col = blockIdx.x * BN;
    bool a_aligned = k % 4 == 0;
    bool b_aligned = n % 4 == 0;

    Accumulator sum[FRAGMENTS_M][FRAGMENTS_N];
#pragma unroll
    for (int i = 0; i < FRAGMENTS_M; i++) {
#pragma unroll
        for (int j = 0; j < FRAGMENTS_N; j++)
            wmma::fill_fragment(sum[i][j], 0.0f);
    }

    for (int k0 = 0; k0 < k; k0 += BK) {
        for (int i = threadIdx.x; i < BM * BK / 4; i += 256) {
            int r = i / (BK / 4);
            int kk = i % (BK / 4) * 4;
            int left = first_row + r < m ? k - k0 - kk : 0;
            *(float4*)&a_tile[r][kk] = load4(a + (size_t)(first_row + r) * k + k0 + kk, left, a_aligned);
        }
        for (int i = threadIdx.x; i < BK * BN / 4; i += 256) {
            int kk = i / (BN / 4);
            int j = i % (BN / 4) * 4;
            int left = k0 + kk < k ? n - first_col - j : 0;
            *(float4*)&b_tile[kk][j] = load4(b + (size_t)(k0 + kk) * n + first_col + j, left, b_aligned);
        }
        __syncthreads();
#pragma unroll
        for (int kk = 0; kk < BK; kk += 8) {
            FragmentB b_large[FRAGMENTS_N], b_small[FRAGMENTS_N];
#pragma unroll
            for (int j = 0; j < FRAGMENTS_N; j++) {
                wmma::load_matrix_sync(b_large[j], &b_tile[kk][warp_col + 16 * j], BN + 4);
                cut(b_large[j], b_small[j]);
            }
#pragma unroll
            for (int i = 0; i < FRAGMENTS_M; i++) {
                FragmentA a_large, a_small;
                wmma::load_matrix_sync(a_large, &a_tile[warp_row + 16 * i][kk], BK + 4);
                cut(a_large, a_small);
                // The small products first: they would be lost beside a large sum.
#pragma unroll
                for (int j = 0; j < FRAGMENTS_N; j++) {
                    wmma::mma_sync(sum[i][j], a_small, b_large[j], sum[i][j]);
                    wmma::mma_sync(sum[i][j], a_large, b_small[j], sum[i][j]);
                    wmma::mma_sync(sum[i][j], a_large, b_large[j], sum[i][j]);
                }
            }
        }
        __syncthreads();
    }

    for (int i = 0; i < FRAGMENTS_M; i++) {
        for (int j = 0; j < FRAGMENTS_N; j++) {
            int row = first_row + warp_row + 16 * i;
            int col = first_col + warp_col + 16 * j;
            if (n % 8 == 0 && row + 16 <= m && col + 16 <= n) {
                wmma::store_matrix_sync(c + (size_t)row * n + col, sum[i][j], n, wmma::mem_row_major);
                continue;
            }
            // At the edges, and where rows are not aligned for fragments: through shared memory.
            wmma::store_matrix_sync(staged[warp], sum[i][j], 16, wmma::mem_row_major);
            __syncwarp();
            for (int e = lane; e < 256; e += 32) {
                if (row + e / 16 < m && col + e % 16 < n)
                    c[(size_t)(row + e / 16) * n + col + e % 16] = staged[warp][e];
            }
            __syncwarp();
        }
    }
}
