// @operation top-k
// @method    multi-element
// @summary   One block a row holds it in registers: memory is read once, and the owner of a round's best looks for its next there.
// @tune BLOCK in [256, 128, 512]
// @tune ITEMS in [16, 8, 32]
// @launch top_k <<<rows, BLOCK>>> (x, values, indices, cols, k)
struct Entry {
    float value;
    int col;
};

// Larger values first; of equal values the smaller column.
__device__ __forceinline__ bool before(Entry p, Entry q) {
    return p.value > q.value || (p.value == q.value && p.col < q.col);
}

__device__ __forceinline__ Entry best_of_warp(Entry best) {
    for (int offset = 16; offset > 0; offset /= 2) {
        Entry other = {__shfl_xor_sync(0xffffffff, best.value, offset), __shfl_xor_sync(0xffffffff, best.col, offset)};
        if (before(other, best))
            best = other;
    }
    return best;
}

// The first of the thread's columns after `last`, in the order of `before`: those held, then those of a longer row.
__device__ __forceinline__ Entry next_of_thread(const float* held, const float* x, int cols, Entry last) {
    Entry best = {-INFINITY, INT_MAX};
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
        int col = i * BLOCK + threadIdx.x;
        Entry entry = {held[i], col};
        if (col < cols && before(last, entry) && before(entry, best))
            best = entry;
    }
    for (int col = ITEMS * BLOCK + threadIdx.x; col < cols; col += BLOCK) {
        Entry entry = {x[col], col};
        if (before(last, entry) && before(entry, best))
            best = entry;
    }
    return best;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    top_k(const float* __restrict__ x, float* __restrict__ values, int* __restrict__ indices, int cols, int k) {
    // Two sets of places, by turns: a round's writes cannot meet the reads of the round before.
    __shared__ Entry best_of[2][BLOCK / 32];
    x += (size_t)blockIdx.x * cols;
    values += (size_t)blockIdx.x * k;
    indices += (size_t)blockIdx.x * k;
    float held[ITEMS];
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
        int col = i * BLOCK + threadIdx.x;
        held[i] = col < cols ? x[col] : -INFINITY;
    }
    Entry mine = next_of_thread(held, x, cols, {INFINITY, -1});
    for (int rank = 0; rank < k; rank++) {
        Entry best = best_of_warp(mine);
        if (threadIdx.x % 32 == 0)
            best_of[rank % 2][threadIdx.x / 32] = best;
        __syncthreads();
        for (int warp = 0; warp < BLOCK / 32; warp++) {
            Entry other = best_of[rank % 2][warp];
            if (before(other, best))
                best = other;
        }
        if (threadIdx.x == 0) {
            values[rank] = best.value;
            indices[rank] = best.col;
        }
        if (mine.col == best.col)
            mine = next_of_thread(held, x, cols, best);
    }
}
