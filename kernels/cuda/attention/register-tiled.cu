// @operation attention
// @method    register-tile
// @summary   Tiles of 64 queries by 64 keys: scores and outputs four by four a thread, weights handed over in shared memory.
// @tune QUERIES in [64, 32]
// @launch attention <<<(ceil_div(seq, QUERIES), heads, ceil_div(dim, 64)), QUERIES * 4, ((ceil_div(dim, 4) * 4 + 4) * (QUERIES + 64) + 64 * 64 + QUERIES * 68) * 4>>> (q, k, v, out, seq, dim)

// Keys of a tile; columns of the output that a block computes.
constexpr int KEYS = 64;
constexpr int COLS = 64;
constexpr int THREADS = QUERIES * 4;
constexpr int WEIGHT_PITCH = KEYS + 4;

// Copies rows first_row .. first_row+ROWS-1, times `scale`; zeros past the last row and the last column.
template <int ROWS>
__device__ __forceinline__ void load_rows(float* tile, int pitch, const float* from, int first_row, int seq, int dim,
                                          float scale) {
    int quads = (dim + 3) / 4;
    for (int i = threadIdx.x; i < ROWS * quads; i += THREADS) {
        int row = i / quads;
        int col = (i - row * quads) * 4;
        const float* p = from + (size_t)(first_row + row) * dim + col;
        int left = first_row + row < seq ? dim - col : 0;
        float4 u;
        if (dim % 4 == 0 && left > 0) {
            u = *(const float4*)p;
        } else {
            u.x = left > 0 ? p[0] : 0.0f;
            u.y = left > 1 ? p[1] : 0.0f;
            u.z = left > 2 ? p[2] : 0.0f;
            u.w = left > 3 ? p[3] : 0.0f;
        }
        *(float4*)(tile + row * pitch + col) = make_float4(u.x * scale, u.y * scale, u.z * scale, u.w * scale);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, 512 / THREADS)
    attention(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
              float* __restrict__ out, int seq, int dim) {
    extern __shared__ float4 shared[];
    // Whole quads, and one more: the rows that a warp reads together begin in different banks.
    int pitch = (dim + 3) / 4 * 4 + 4;
    float* q_tile = (float*)shared;               // [QUERIES][pitch]
    float* k_tile = q_tile + QUERIES * pitch;     // [KEYS][pitch]
    float* v_tile = k_tile + KEYS * pitch;        // [KEYS][COLS]
    float* weight = v_tile + KEYS * COLS;         // [QUERIES][WEIGHT_PITCH]
    int first_query = blockIdx.x * QUERIES;
    int first_col = blockIdx.z * COLS;
    size_t head = (size_t)blockIdx.y * seq * dim;
    q += head;
    k += head;
    v += head;
    // Sixteen threads, half a warp, share four queries; each has every sixteenth key and four of the output's columns.
    int query = threadIdx.x / 16 * 4;
    int key_of_thread = threadIdx.x % 16;
    int quad = key_of_thread * 4;
    // Scores are powers of two rather than of e: exp2f is one instruction.
    float scale = 1.4426950408889634f / sqrtf((float)dim);

    load_rows<QUERIES>(q_tile, pitch, q, first_query, seq, dim, scale);
    float sum[4][4] = {};
    float largest[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    float weights[4] = {};

    for (int key0 = 0; key0 < seq; key0 += KEYS) {
        load_rows<KEYS>(k_tile, pitch, k, key0, seq, dim, 1.0f);
        for (int i = threadIdx.x; i < KEYS * COLS; i += THREADS) {
            int row = i / COLS;
            int col = first_col + i % COLS;
            v_tile[i] = key0 + row < seq && col < dim ? v[(size_t)(key0 + row) * dim + col] : 0.0f;
        }
        __syncthreads();

        float score[4][4] = {};
#pragma unroll 1
        for (int col = 0; col < dim; col += 4) {
            float4 t[4];
#pragma unroll
            for (int j = 0; j < 4; j++)
                t[j] = *(const float4*)(k_tile + (key_of_thread + 16 * j) * pitch + col);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                float4 u = *(const float4*)(q_tile + (query + i) * pitch + col);
#pragma unroll
                for (int j = 0; j < 4; j++)
                    score[i][j] += u.x * t[j].x + u.y * t[j].y + u.z * t[j].z + u.w * t[j].w;
            }
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            float new_largest = largest[i];
#pragma unroll
            for (int j = 0; j < 4; j++) {
                score[i][j] = key0 + key_of_thread + 16 * j < seq ? score[i][j] : -INFINITY;
                new_largest = fmaxf(new_largest, score[i][j]);
            }
            for (int offset = 8; offset > 0; offset /= 2)
                new_largest = fmaxf(new_largest, __shfl_xor_sync(0xffffffff, new_largest, offset));
            // The tile's first key is always there, so that the new maximum is finite; the old one may be -INFINITY.
            float factor = exp2f(largest[i] - new_largest);
            largest[i] = new_largest;
            weights[i] *= factor;
#pragma unroll
            for (int j = 0; j < 4; j++) {
                score[i][j] = exp2f(score[i][j] - new_largest);
                // Each thread's own keys only; added over the sixteen at the end.
                weights[i] += score[i][j];
                sum[i][j] *= factor;
                weight[(query + i) * WEIGHT_PITCH + key_of_thread + 16 * j] = score[i][j];
            }
        }
        // The weights of four queries are written and read by one half of a warp.
        __syncwarp();
#pragma unroll 1
        for (int key = 0; key < KEYS; key += 4) {
            float4 t[4];
#pragma unroll
            for (int l = 0; l < 4; l++)
                t[l] = *(const float4*)(v_tile + (key + l) * COLS + quad);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                float4 u4 = *(const float4*)(weight + (query + i) * WEIGHT_PITCH + key);
                float u[4] = {u4.x, u4.y, u4.z, u4.w};
#pragma unroll
                for (int l = 0; l < 4; l++) {
                    sum[i][0] += u[l] * t[l].x;
                    sum[i][1] += u[l] * t[l].y;
                    sum[i][2] += u[l] * t[l].z;
                    sum[i][3] += u[l] * t[l].w;
                }
            }
        }
        // The tiles are overwritten next.
        __syncthreads();
    }

#pragma unroll
    for (int i = 0; i < 4; i++) {
        for (int offset = 8; offset > 0; offset /= 2)
            weights[i] += __shfl_xor_sync(0xffffffff, weights[i], offset);
        int row = first_query + query + i;
        if (row >= seq)
            continue;
        float* p = out + head + (size_t)row * dim + first_col + quad;
#pragma unroll
        for (int j = 0; j < 4; j++) {
            if (first_col + quad + j < dim)
                p[j] = sum[i][j] / weights[i];
        }
    }
}
