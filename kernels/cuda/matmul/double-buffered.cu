// @operation matmul
// @method    double-buffer
// @summary   Register tiles fed by a ring of STAGES tiles in shared memory: asynchronous copies fill one while others are used.
// @tune BM in [128, 64]
// @tune BN in [128, 64]
// @tune BK in [16, 8]
// @tune STAGES in [3, 2]
// @launch matmul <<<(ceil_div(n, BN), ceil_div(m, BM)), BM * BN / 64, STAGES * BK * (BM + 4 + BN) * 4>>> (a, b, c, m, n, k)
#include <cuda_pipeline.h>

constexpr int THREADS = BM * BN / 64;
// Blocks an SM must have registers for: 128 a thread in large blocks, 168 in small ones.
constexpr int RESIDENT = THREADS == 256 ? 2 : 384 / THREADS;
// The pitch keeps rows 16-byte aligned and spreads the transposing copies over the banks.
constexpr int A_PITCH = BM + 4;

struct Stage {
    float a[BK][A_PITCH];  // transposed
    float b[BK][BN];
};

// Starts one asynchronous copy; outside the matrix the destination is filled with zeros and nothing is read.
template <int BYTES>
__device__ __forceinline__ void copy(float* to, const float* from, const float* readable, bool inside) {
    __pipeline_memcpy_async(to, inside ? from : readable, BYTES, inside ? 0 : BYTES);
}

__device__ __forceinline__ void copy_tiles(Stage& stage, const float* a, const float* b, int k0, int m, int n, int k) {
    // A thread stays in one column of a's tile, so that only the row changes from copy to copy.
    int a_col = threadIdx.x % BK;
    int a_row = threadIdx.x / BK;
    int row = blockIdx.y * BM + a_row;
    const float* from = a + (size_t)row * k + k0 + a_col;
    bool inside = k0 + a_col < k;
#pragma unroll
    for (int r = 0; r < BM; r += THREADS / BK)
        copy<4>(&stage.a[a_col][a_row + r], from + (size_t)r * k, a, inside && row + r < m);

    int first_col = blockIdx.x * BN;
    if (n % 4 == 0) {
#pragma unroll
        for (int i = threadIdx.x; i < BK * BN / 4; i += THREADS) {
            int kk = i / (BN / 4);
            int col = i % (BN / 4) * 4;
            const float* p = b + (size_t)(k0 + kk) * n + first_col + col;
            copy<16>(&stage.b[kk][col], p, b, k0 + kk < k && first_col + col < n);
        }
    } else {
#pragma unroll 1
        for (int i = threadIdx.x; i < BK * BN; i += THREADS) {
            int kk = i / BN;
            int col = i % BN;
            const float* p = b + (size_t)(k0 + kk) * n + first_col + col;
            copy<4>(&stage.b[kk][col], p, b, k0 + kk < k && first_col + col < n);
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT)
    matmul(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    extern __shared__ float4 shared[];
    Stage* stages = (Stage*)shared;
    // A thread's outputs are four quads: rows row..row+3 and row+BM/2.., columns likewise.
    int row = threadIdx.x / (BN / 8) * 4;
    int col = threadIdx.x % (BN / 8) * 4;
    float sum[8][8] = {};

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
#pragma unroll 4
        for (int kk = 0; kk < BK; kk++) {
            float4 a0 = *(const float4*)&stage.a[kk][row];
            float4 a1 = *(const float4*)&stage.a[kk][row + BM / 2];
            float4 b0 = *(const float4*)&stage.b[kk][col];
            float4 b1 = *(const float4*)&stage.b[kk][col + BN / 2];
            float u[8] = {a0.x, a0.y, a0.z, a0.w, a1.x, a1.y, a1.z, a1.w};
            float v[8] = {b0.x, b0.y, b0.z, b0.w, b1.x, b1.y, b1.z, b1.w};
#pragma unroll
            for (int i = 0; i < 8; i++) {
#pragma unroll
                for (int j = 0; j < 8; j++)
                    sum[i][j] += u[i] * v[j];
            }
        }
    }

    int first_row = blockIdx.y * BM + row;
    int first_col = blockIdx.x * BN + col;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        int out_row = first_row + i % 4 + i / 4 * (BM / 2);
        if (out_row >= m)
            continue;
#pragma unroll
        for (int j = 0; j < 8; j += 4) {
            int out_col = first_col + j / 4 * (BN / 2);
            float* p = c + (size_t)out_row * n + out_col;
            if (n % 4 == 0 && out_col < n) {
                *(float4*)p = make_float4(sum[i][j], sum[i][j + 1], sum[i][j + 2], sum[i][j + 3]);
            } else {
#pragma unroll
                for (int l = 0; l < 4; l++) {
                    if (out_col + l < n)
                        p[l] = sum[i][j + l];
                }
            }
        }
    }
}
