// @operation attention
// @method    online
// @summary   One thread a query, keys and values by tiles in shared memory: one pass with a running maximum, no score in memory.
// @tune QUERIES in [64, 128, 32]
// @tune KEYS in [32, 16]
// @launch attention <<<(ceil_div(seq, QUERIES), heads, ceil_div(dim, 64)), QUERIES, KEYS * (ceil_div(dim, 64) + 1) * 256>>> (q, k, v, out, seq, dim)

// Elements of the output that a block computes; also the elements of its query that a thread holds.
constexpr int DIM = 64;
// Keys between two looks at the maximum.
constexpr int GROUP = 4;

// Copies columns first .. first+width-1 of KEYS rows, of which `rows` exist; zeros where there is no element.
__device__ __forceinline__ void load_tile(float* tile, int width, const float* from, int rows, int first, int dim) {
    if (dim % 4 == 0) {
        float4 zero = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        for (int i = 4 * threadIdx.x; i < KEYS * width; i += 4 * QUERIES) {
            int row = i / width;
            int col = first + i % width;
            *(float4*)(tile + i) = row < rows && col < dim ? *(const float4*)(from + (size_t)row * dim + col) : zero;
        }
    } else {
        for (int i = threadIdx.x; i < KEYS * width; i += QUERIES) {
            int row = i / width;
            int col = first + i % width;
            tile[i] = row < rows && col < dim ? from[(size_t)row * dim + col] : 0.0f;
        }
    }
}

extern "C" __global__ void __launch_bounds__(QUERIES)
    attention(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
              float* __restrict__ out, int seq, int dim) {
    extern __shared__ float4 shared[];
    int k_width = (dim + DIM - 1) / DIM * DIM;
    float* k_tile = (float*)shared;
    float* v_tile = k_tile + KEYS * k_width;
    int query = blockIdx.x * QUERIES + threadIdx.x;
    int first_out = blockIdx.z * DIM;
    size_t head = (size_t)blockIdx.y * seq * dim;
    q += head + (size_t)min(query, seq - 1) * dim;
    k += head;
    v += head;
    // Scores are powers of two rather than of e: exp2f is one instruction.
    float scale = 1.4426950408889634f / sqrtf((float)dim);
    float held[DIM];
#pragma unroll
    for (int i = 0; i < DIM; i++)
        held[i] = i < dim ? q[i] * scale : 0.0f;
    float sum[DIM] = {};
    float largest = -INFINITY;
    float weights = 0.0f;

    for (int key0 = 0; key0 < seq; key0 += KEYS) {
        int keys = min(KEYS, seq - key0);
        load_tile(k_tile, k_width, k + (size_t)key0 * dim, keys, 0, dim);
        load_tile(v_tile, DIM, v + (size_t)key0 * dim, keys, first_out, dim);
        __syncthreads();
#pragma unroll 1
        for (int key = 0; key < keys; key += GROUP) {
            float score[GROUP] = {};
#pragma unroll
            for (int i = 0; i < DIM; i += 4) {
#pragma unroll
                for (int g = 0; g < GROUP; g++) {
                    float4 u = *(const float4*)(k_tile + (key + g) * k_width + i);
                    score[g] += held[i] * u.x + held[i + 1] * u.y + held[i + 2] * u.z + held[i + 3] * u.w;
                }
            }
#pragma unroll 1
            for (int i = DIM; i < dim; i++) {
                float u = q[i] * scale;
#pragma unroll
                for (int g = 0; g < GROUP; g++)
                    score[g] += u * k_tile[(key + g) * k_width + i];
            }
            float new_largest = largest;
#pragma unroll
            for (int g = 0; g < GROUP; g++) {
                score[g] = key + g < keys ? score[g] : -INFINITY;
                new_largest = fmaxf(new_largest, score[g]);
            }
            // The first key is always there, so that the new maximum is finite; the old one may be -INFINITY.
            float factor = exp2f(largest - new_largest);
            largest = new_largest;
            weights *= factor;
#pragma unroll
            for (int g = 0; g < GROUP; g++) {
                score[g] = exp2f(score[g] - largest);
                weights += score[g];
            }
#pragma unroll
            for (int i = 0; i < DIM; i += 4) {
                float4 t = make_float4(sum[i] * factor, sum[i + 1] * factor, sum[i + 2] * factor, sum[i + 3] * factor);
#pragma unroll
                for (int g = 0; g < GROUP; g++) {
                    float4 u = *(const float4*)(v_tile + (key + g) * DIM + i);
                    t.x += score[g] * u.x;
                    t.y += score[g] * u.y;
                    t.z += score[g] * u.z;
                    t.w += score[g] * u.w;
                }
                sum[i] = t.x;
                sum[i + 1] = t.y;
                sum[i + 2] = t.z;
                sum[i + 3] = t.w;
            }
        }
        // The tiles are overwritten next.
        __syncthreads();
    }

    if (query >= seq)
        return;
    out += head + (size_t)query * dim + first_out;
#pragma unroll
    for (int i = 0; i < DIM; i++) {
        if (first_out + i < dim)
            out[i] = sum[i] / weights;
    }
}
