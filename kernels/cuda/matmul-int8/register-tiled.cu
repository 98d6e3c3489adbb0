// @operation matmul-int8
// @method    register-tile
// @summary   Eight by eight outputs a thread with dp4a: each 16-byte shared load feeds 32 dp4a, 128 products.
// @tune BM in [128, 64]
// @tune BN in [128, 64]
// @tune WORDS in [8, 16]
// @launch matmul_int8 <<<(ceil_div(n, BN), ceil_div(m, BM)), BM * BN / 64>>> (a, b, scale, c, m, n, k)
constexpr int THREADS = BM * BN / 64;

// Four neighbouring bytes of a row that ends `left` bytes after p, as a word; zeros past its end.
__device__ __forceinline__ int load4(const signed char* p, int left, bool aligned) {
    if (aligned && left >= 4)
        return *(const int*)p;
    unsigned word = 0;
#pragma unroll 1
    for (int i = 0; i < 4; i++) {
        if (i < left)
            word |= (unsigned)(unsigned char)p[i] << (8 * i);
    }
    return (int)word;
}

extern "C" __global__ void __launch_bounds__(THREADS)
    matmul_int8(const signed char* __restrict__ a, const signed char* __restrict__ b, const float* __restrict__ scale,
                float* __restrict__ c, int m, int n, int k) {
    // Words of four bytes along k, transposed, so that a thread's rows and columns are neighbours.
    __shared__ __align__(16) int a_tile[WORDS][BM + 4];
    __shared__ __align__(16) int b_tile[WORDS][BN + 4];
    int first_row = blockIdx.y * BM;
    int first_col = blockIdx.x * BN;
    // A thread's outputs are four quads: rows row..row+3 and row+BM/2.., columns likewise.
    int row = threadIdx.x / (BN / 8) * 4;
    int col = threadIdx.x % (BN / 8) * 4;
    bool aligned = k % 4 == 0;
    int sum[8][8] = {};

    for (int k0 = 0; k0 < k; k0 += 4 * WORDS) {
#pragma unroll 4
        for (int i = threadIdx.x; i < BM * WORDS; i += THREADS) {
            int r = first_row + i / WORDS;
            int kk = k0 + i % WORDS * 4;
            a_tile[i % WORDS][i / WORDS] = load4(a + (size_t)r * k + kk, r < m ? k - kk : 0, aligned);
        }
#pragma unroll 4
        for (int i = threadIdx.x; i < BN * WORDS; i += THREADS) {
            int r = first_col + i / WORDS;
            int kk = k0 + i % WORDS * 4;
            b_tile[i % WORDS][i / WORDS] = load4(b + (size_t)r * k + kk, r < n ? k - kk : 0, aligned);
        }
        __syncthreads();
#pragma unroll 4
        for (int word = 0; word < WORDS; word++) {
            int4 a0 = *(const int4*)&a_tile[word][row];
            int4 a1 = *(const int4*)&a_tile[word][row + BM / 2];
            int4 b0 = *(const int4*)&b_tile[word][col];
            int4 b1 = *(const int4*)&b_tile[word][col + BN / 2];
            int u[8] = {a0.x, a0.y, a0.z, a0.w, a1.x, a1.y, a1.z, a1.w};
            int v[8] = {b0.x, b0.y, b0.z, b0.w, b1.x, b1.y, b1.z, b1.w};
#pragma unroll
            for (int i = 0; i < 8; i++) {
#pragma unroll
                for (int j = 0; j < 8; j++)
                    sum[i][j] = __dp4a(u[i], v[j], sum[i][j]);
            }
        }
        __syncthreads();
    }

#pragma unroll
    for (int j = 0; j < 8; j++) {
        int out_col = first_col + col + j % 4 + j / 4 * (BN / 2);
        if (out_col >= n)
            continue;
        float factor = scale[out_col];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            int out_row = first_row + row + i % 4 + i / 4 * (BM / 2);
            if (out_row < m)
                c[(size_t)out_row * n + out_col] = (float)sum[i][j] * factor;
        }
    }
}
