// @operation attention
// @method    split
// @summary   The keys are cut into PARTS, each with its own maximum, sum and outputs; a second launch merges the parts.
// @tune PARTS in [2, 4]
// @tune QUERIES in [64, 128]
// @tune KEYS in [32, 16]
// @scratch partial f32 [PARTS, heads, seq, dim]
// @scratch largest_of f32 [PARTS, heads, seq]
// @scratch weights_of f32 [PARTS, heads, seq]
// @launch attend_parts <<<(ceil_div(seq, QUERIES) * PARTS, heads, ceil_div(dim, 64)), QUERIES, KEYS * (ceil_div(dim, 64) + 1) * 256>>> (q, k, v, partial, largest_of, weights_of, seq, dim)
// @launch merge_parts <<<ceil_div(heads * seq * dim, 256), 256>>> (partial, largest_of, weights_of, out, heads * seq, dim)

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
    attend_parts(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
                 float* __restrict__ partial, float* __restrict__ largest_of, float* __restrict__ weights_of, int seq,
                 int dim) {
    extern __shared__ float4 shared[];
    int k_width = (dim + DIM - 1) / DIM * DIM;
    float* k_tile = (float*)shared;
    float* v_tile = k_tile + KEYS * k_width;
    int part = blockIdx.x % PARTS;
    int query = blockIdx.x / PARTS * QUERIES + threadIdx.x;
    int part_keys = (seq + PARTS - 1) / PARTS;
    int begin = part * part_keys;
    int end = min(begin + part_keys, seq);
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

    for (int key0 = begin; key0 < end; key0 += KEYS) {
        int keys = min(KEYS, end - key0);
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
    size_t row = ((size_t)part * gridDim.y + blockIdx.y) * seq + query;
    if (blockIdx.z == 0) {
        largest_of[row] = largest;
        weights_of[row] = weights;
    }
    partial += row * dim + first_out;
#pragma unroll
    for (int i = 0; i < DIM; i++) {
        if (first_out + i < dim)
            partial[i] = sum[i];
    }
}

extern "C" __global__ void __launch_bounds__(256)
    merge_parts(const float* __restrict__ partial, const float* __restrict__ largest_of,
                const float* __restrict__ weights_of, float* __restrict__ out, int rows, int dim) {
    int i = blockIdx.x * 256 + threadIdx.x;
    int row = i / dim;
    if (row >= rows)
        return;
    // The first part has a key, so that the maximum is finite; parts without keys have -INFINITY and weigh nothing.
    float largest = largest_of[row];
    for (int part = 1; part < PARTS; part++)
        largest = fmaxf(largest, largest_of[part * rows + row]);
    float sum = 0.0f;
    float weights = 0.0f;
    for (int part = 0; part < PARTS; part++) {
        float factor = exp2f(largest_of[part * rows + row] - largest);
        sum += factor * partial[(size_t)part * rows * dim + i];
        weights += factor * weights_of[part * rows + row];
    }
    out[i] = sum / weights;
}
