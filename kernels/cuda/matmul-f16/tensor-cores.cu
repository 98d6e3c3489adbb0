// @operation matmul-f16
// @method    tensor-core
// @summary   Eight warps a block multiply 16x16x16 fragments on tensor cores from tiles in shared memory, f32 sums.
// @tune BM in [128, 64]
// @tune BN in [128, 64]
// @tune BK in [32, 64]
// @launch matmul_f16 <<<(ceil_div(n, BN), ceil_div(m, BM)), 256>>> (a, b, c, m, n, k)
#include <cuda_fp16.h>
#include <mma.h>
using namespace nvcuda;

// The warps lie two by four over the block's tile.
constexpr int WARP_M = BM / 2;
constexpr int WARP_N = BN / 4;
constexpr int FRAGMENTS_M = WARP_M / 16;
constexpr int FRAGMENTS_N = WARP_N / 16;
// Eight more elements a row keep the rows of a fragment in different banks.
constexpr int A_PITCH = BK + 8;
constexpr int B_PITCH = BN + 8;

// Eight neighbouring elements of a row that ends `left` elements after p; zeros past its end.
__device__ __forceinline__ void load8(half* to, const half* p, int left, bool aligned) {
    if (aligned && left >= 8) {
        *(uint4*)to = *(const uint4*)p;
    } else {
        for (int i = 0; i < 8; i++)
            to[i] = i < left ? p[i] : __float2half(0.0f);
    }
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_f16(const half* __restrict__ a, const half* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ __align__(32) half a_tile[BM * A_PITCH];
    __shared__ __align__(32) half b_tile[BK * B_PITCH];
    __shared__ __align__(32) float staged[8][16 * 16];
    int warp = threadIdx.x / 32;
    int lane = threadIdx.x % 32;
    int warp_row = warp / 4 * WARP_M;
    int warp_col = warp % 4 * WARP_N;
    int first_row = blockIdx.y * BM;
    int first_col = blockIdx.x * BN;
    bool a_aligned = k % 8 == 0;
    bool b_aligned = n % 8 == 0;

    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum[FRAGMENTS_M][FRAGMENTS_N];
#pragma unroll
    for (int i = 0; i < FRAGMENTS_M; i++) {
#pragma unroll
        for (int j = 0; j < FRAGMENTS_N; j++)
            wmma::fill_fragment(sum[i][j], 0.0f);
    }

    for (int k0 = 0; k0 < k; k0 += BK) {
        for (int i = threadIdx.x; i < BM * BK / 8; i += 256) {
            int r = i / (BK / 8);
            int kk = i % (BK / 8) * 8;
            int left = first_row + r < m ? k - k0 - kk : 0;
            load8(a_tile + r * A_PITCH + kk, a + (size_t)(first_row + r) * k + k0 + kk, left, a_aligned);
        }
        for (int i = threadIdx.x; i < BK * BN / 8; i += 256) {
            int kk = i / (BN / 8);
            int j = i % (BN / 8) * 8;
            int left = k0 + kk < k ? n - first_col - j : 0;
            load8(b_tile + kk * B_PITCH + j, b + (size_t)(k0 + kk) * n + first_col + j, left, b_aligned);
        }
        __syncthreads();
#pragma unroll
        for (int kk = 0; kk < BK; kk += 16) {
            wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> v[FRAGMENTS_N];
#pragma unroll
            for (int j = 0; j < FRAGMENTS_N; j++)
                wmma::load_matrix_sync(v[j], b_tile + kk * B_PITCH + warp_col + 16 * j, B_PITCH);
#pragma unroll
            for (int i = 0; i < FRAGMENTS_M; i++) {
                wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> u;
                wmma::load_matrix_sync(u, a_tile + (warp_row + 16 * i) * A_PITCH + kk, A_PITCH);
#pragma unroll
                for (int j = 0; j < FRAGMENTS_N; j++)
                    wmma::mma_sync(sum[i][j], u, v[j], sum[i][j]);
            }
        }
        __syncthreads();
    }

#pragma unroll
    for (int i = 0; i < FRAGMENTS_M; i++) {
#pragma unroll
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
