// @operation matmul-int8
// @method    tensor-core
// @summary   Eight warps a block multiply 16x16x16 int8 fragments on tensor cores from tiles in shared memory, int32 sums.
// @tune BM in [128, 64]
// @tune BN in [128, 64]
// @tune SLICES in [4, 2]
// @launch matmul_int8 <<<(ceil_div(n, BN), ceil_div(m, BM)), 256>>> (a, b, scale, c, m, n, k)
#include <mma.h>
using namespace nvcuda;

// The warps lie two by four over the block's tile.
constexpr int WARP_M = BM / 2;
constexpr int WARP_N = BN / 4;
constexpr int FRAGMENTS_M = WARP_M / 16;
constexpr int FRAGMENTS_N = WARP_N / 16;
// Tiles are kept as slices of 16 bytes along k, row under row: fragments are dense and aligned. The 32 bytes between
// slices put the slices of a row, which neighbouring threads write, in different banks.
constexpr int A_SLICE = BM * 16 + 32;
constexpr int B_SLICE = BN * 16 + 32;

// Sixteen neighbouring bytes of a row that ends `left` bytes after p; zeros past its end.
__device__ __forceinline__ void load16(signed char* to, const signed char* p, int left, bool aligned) {
    if (aligned && left >= 16) {
        *(uint4*)to = *(const uint4*)p;
    } else {
#pragma unroll 1
        for (int i = 0; i < 16; i++)
            to[i] = i < left ? p[i] : 0;
    }
}

extern "C" __global__ void __launch_bounds__(256, 1)
    matmul_int8(const signed char* __restrict__ a, const signed char* __restrict__ b, const float* __restrict__ scale,
                float* __restrict__ c, int m, int n, int k) {
    __shared__ __align__(32) signed char a_tile[SLICES * A_SLICE];
    __shared__ __align__(32) signed char b_tile[SLICES * B_SLICE];
    __shared__ __align__(32) int staged[8][16 * 16];
    int warp = threadIdx.x / 32;
    int lane = threadIdx.x % 32;
    int warp_row = warp / 4 * WARP_M;
    int warp_col = warp % 4 * WARP_N;
    int first_row = blockIdx.y * BM;
    int first_col = blockIdx.x * BN;
    bool aligned = k % 16 == 0;

    wmma::fragment<wmma::accumulator, 16, 16, 16, int> sum[FRAGMENTS_M][FRAGMENTS_N];
#pragma unroll
    for (int i = 0; i < FRAGMENTS_M; i++) {
#pragma unroll
        for (int j = 0; j < FRAGMENTS_N; j++)
            wmma::fill_fragment(sum[i][j], 0);
    }

    for (int k0 = 0; k0 < k; k0 += 16 * SLICES) {
        for (int i = threadIdx.x; i < BM * SLICES; i += 256) {
            int r = i / SLICES;
            int slice = i % SLICES;
            int kk = k0 + 16 * slice;
            load16(a_tile + slice * A_SLICE + 16 * r, a + (size_t)(first_row + r) * k + kk,
                   first_row + r < m ? k - kk : 0, aligned);
        }
        for (int i = threadIdx.x; i < BN * SLICES; i += 256) {
            int r = i / SLICES;
            int slice = i % SLICES;
            int kk = k0 + 16 * slice;
            load16(b_tile + slice * B_SLICE + 16 * r, b + (size_t)(first_col + r) * k + kk,
                   first_col + r < n ? k - kk : 0, aligned);
        }
        __syncthreads();
#pragma unroll
        for (int slice = 0; slice < SLICES; slice++) {
            wmma::fragment<wmma::matrix_b, 16, 16, 16, signed char, wmma::col_major> v[FRAGMENTS_N];
#pragma unroll
            for (int j = 0; j < FRAGMENTS_N; j++)
                wmma::load_matrix_sync(v[j], b_tile + slice * B_SLICE + (warp_col + 16 * j) * 16, 16);
#pragma unroll
            for (int i = 0; i < FRAGMENTS_M; i++) {
                wmma::fragment<wmma::matrix_a, 16, 16, 16, signed char, wmma::row_major> u;
                wmma::load_matrix_sync(u, a_tile + slice * A_SLICE + (warp_row + 16 * i) * 16, 16);
#pragma unroll
                for (int j = 0; j < FRAGMENTS_N; j++)
                    wmma::mma_sync(sum[i][j], u, v[j], sum[i][j]);
            }
        }
        __syncthreads();
    }

    // Lanes 0..15 write one row of a fragment, the others the next: the column of a lane stays.
#pragma unroll
    for (int j = 0; j < FRAGMENTS_N; j++) {
        int col = first_col + warp_col + 16 * j + lane % 16;
        float factor = col < n ? scale[col] : 0.0f;
#pragma unroll
        for (int i = 0; i < FRAGMENTS_M; i++) {
            wmma::store_matrix_sync(staged[warp], sum[i][j], 16, wmma::mem_row_major);
            __syncwarp();
            for (int r = lane / 16; r < 16; r += 2) {
                int row = first_row + warp_row + 16 * i + r;
                if (row < m && col < n)
                    c[(size_t)row * n + col] = (float)staged[warp][16 * r + lane % 16] * factor;
            }
            __syncwarp();
        }
    }
}
