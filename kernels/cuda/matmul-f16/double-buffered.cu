// @operation matmul-f16
// @method    double-buffer
// @summary   Tensor cores fed by a ring of STAGES tiles in shared memory: asynchronous copies fill one while others are used.
// @tune BM in [128, 64]
// @tune BN in [128, 64]
// @tune STAGES in [3, 2, 4]
// @launch matmul_f16 <<<(ceil_div(n, BN), ceil_div(m, BM)), 256, STAGES * (BM * 40 + 32 * (BN + 8)) * 2>>> (a, b, c, m, n, k)
#include <cuda_fp16.h>
#include <cuda_pipeline.h>
#include <mma.h>
using namespace nvcuda;

constexpr int BK = 32;
// The warps lie two by four over the block's tile.
constexpr int WARP_M = BM / 2;
constexpr int WARP_N = BN / 4;
constexpr int FRAGMENTS_M = WARP_M / 16;
constexpr int FRAGMENTS_N = WARP_N / 16;
// Eight more elements a row keep the rows of a fragment in different banks.
constexpr int A_PITCH = BK + 8;
constexpr int B_PITCH = BN + 8;

struct Stage {
    half a[BM * A_PITCH];
    half b[BK * B_PITCH];
};

// Eight neighbouring elements of a row that ends `left` elements after p; zeros past its end.
// Copied asynchronously where the alignment allows it; `readable` stands for p where nothing is read.
__device__ __forceinline__ void copy8(half* to, const half* p, const half* readable, int left, bool aligned) {
    if (aligned) {
        __pipeline_memcpy_async(to, left > 0 ? p : readable, 16, left > 0 ? 0 : 16);
    } else {
#pragma unroll 1
        for (int i = 0; i < 8; i++)
            to[i] = i < left ? p[i] : __float2half(0.0f);
    }
}

__device__ __forceinline__ void copy_tiles(Stage& stage, const half* a, const half* b, int k0, int m, int n, int k) {
    int first_row = blockIdx.y * BM;
    int first_col = blockIdx.x * BN;
#pragma unroll
    for (int i = threadIdx.x; i < BM * BK / 8; i += 256) {
        int r = i / (BK / 8);
        int kk = i % (BK / 8) * 8;
        int left = first_row + r < m ? k - k0 - kk : 0;
        copy8(stage.a + r * A_PITCH + kk, a + (size_t)(first_row + r) * k + k0 + kk, a, left, k % 8 == 0);
    }
#pragma unroll
    for (int i = threadIdx.x; i < BK * BN / 8; i += 256) {
        int kk = i / (BN / 8);
        int j = i % (BN / 8) * 8;
        int left = k0 + kk < k ? n - first_col - j : 0;
        copy8(stage.b + kk * B_PITCH + j, b + (size_t)(k0 + kk) * n + first_col + j, b, left, n % 8 == 0);
    }
}

extern "C" __global__ void __launch_bounds__(256)
    matmul_f16(const half* __restrict__ a, const half* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    extern __shared__ __align__(128) uint4 shared[];
    Stage* stages = (Stage*)shared;
    int warp = threadIdx.x / 32;
    int lane = threadIdx.x % 32;
    int warp_row = warp / 4 * WARP_M;
    int warp_col = warp % 4 * WARP_N;

    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum[FRAGMENTS_M][FRAGMENTS_N];
#pragma unroll
    for (int i = 0; i < FRAGMENTS_M; i++) {
#pragma unroll
        for (int j = 0; j < FRAGMENTS_N; j++)
            wmma::fill_fragment(sum[i][j], 0.0f);
    }

    int tiles = (k + BK - 1) / BK;
#pragma unroll 1
    for (int tile = 0; tile < STAGES - 1; tile++) {
        if (tile < tiles)
            copy_tiles(stages[tile], a, b, tile * BK, m, n, k);
        __pipeline_commit();
    }
    for (int tile = 0; tile < tiles; tile++) {
        __pipeline_wait_prior(STAGES - 2);
        // This tile is there for all threads, and nobody uses any longer the stage that the next copies fill.
        __syncthreads();
        int next = tile + STAGES - 1;
        if (next < tiles)
            copy_tiles(stages[next % STAGES], a, b, next * BK, m, n, k);
        // An empty group keeps the count of groups in step at the end.
        __pipeline_commit();

        const Stage& stage = stages[tile % STAGES];
#pragma unroll
        for (int kk = 0; kk < BK; kk += 16) {
            wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> v[FRAGMENTS_N];
#pragma unroll
            for (int j = 0; j < FRAGMENTS_N; j++)
                wmma::load_matrix_sync(v[j], stage.b + kk * B_PITCH + warp_col + 16 * j, B_PITCH);
#pragma unroll
            for (int i = 0; i < FRAGMENTS_M; i++) {
                wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> u;
                wmma::load_matrix_sync(u, stage.a + (warp_row + 16 * i) * A_PITCH + kk, A_PITCH);
#pragma unroll
                for (int j = 0; j < FRAGMENTS_N; j++)
                    wmma::mma_sync(sum[i][j], u, v[j], sum[i][j]);
            }
        }
    }

    // All fragments are read: the stages may hold results now.
    __syncthreads();
    float* staged = (float*)shared + warp * 256;
#pragma unroll
    for (int i = 0; i < FRAGMENTS_M; i++) {
#pragma unroll
        for (int j = 0; j < FRAGMENTS_N; j++) {
            int row = blockIdx.y * BM + warp_row + 16 * i;
            int col = blockIdx.x * BN + warp_col + 16 * j;
            if (n % 8 == 0 && row + 16 <= m && col + 16 <= n) {
                wmma::store_matrix_sync(c + (size_t)row * n + col, sum[i][j], n, wmma::mem_row_major);
                continue;
            }
            // At the edges, and where rows are not aligned for fragments: through shared memory.
            wmma::store_matrix_sync(staged, sum[i][j], 16, wmma::mem_row_major);
            __syncwarp();
            for (int e = lane; e < 256; e += 32) {
                if (row + e / 16 < m && col + e % 16 < n)
                    c[(size_t)(row + e / 16) * n + col + e % 16] = staged[e];
            }
            __syncwarp();
        }
    }
}
