// @operation matmul-int8
// @method    packed-math
// @summary   Four products an instruction (dp4a) on words of four bytes; square tiles in shared memory, one output a thread.
// @tune TILE in [32, 16]
// @launch matmul_int8 <<<(ceil_div(n, TILE), ceil_div(m, TILE)), (TILE, TILE)>>> (a, b, scale, c, m, n, k)

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

extern "C" __global__ void __launch_bounds__(TILE * TILE)
    matmul_int8(const signed char* __restrict__ a, const signed char* __restrict__ b, const float* __restrict__ scale,
                float* __restrict__ c, int m, int n, int k) {
    // One more word a row: threads of a warp read one column of b_tile, a different bank each.
    __shared__ int a_tile[TILE][TILE + 1];
    __shared__ int b_tile[TILE][TILE + 1];
    int tx = threadIdx.x;
    int ty = threadIdx.y;
    int a_row = blockIdx.y * TILE + ty;
    int b_row = blockIdx.x * TILE + ty;
    bool aligned = k % 4 == 0;
    int sum = 0;
    for (int k0 = 0; k0 < k; k0 += 4 * TILE) {
        int kk = k0 + 4 * tx;
        a_tile[ty][tx] = load4(a + (size_t)a_row * k + kk, a_row < m ? k - kk : 0, aligned);
        b_tile[ty][tx] = load4(b + (size_t)b_row * k + kk, b_row < n ? k - kk : 0, aligned);
        __syncthreads();
#pragma unroll
        for (int i = 0; i < TILE; i++)
            sum = __dp4a(a_tile[ty][i], b_tile[tx][i], sum);
        __syncthreads();
    }
    int col = blockIdx.x * TILE + tx;
    if (a_row < m && col < n)
        c[(size_t)a_row * n + col] = (float)sum * scale[col];
}
