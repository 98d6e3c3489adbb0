// @operation top-k
// @method    split
// @summary   WARPS warps a row: each keeps the best 32 of its columns in order, the first warp merges; few long rows fill the GPU.
// @tune WARPS in [4, 2, 8]
// @tune AHEAD in [4, 2]
// @launch top_k <<<rows, 32 * WARPS>>> (x, values, indices, cols, k)
struct Entry {
    float value;
    int col;
};

// Larger values first; of equal values the smaller column.
__device__ __forceinline__ bool before(Entry p, Entry q) {
    return p.value > q.value || (p.value == q.value && p.col < q.col);
}

__device__ __forceinline__ Entry lane_of(Entry entry, int lane) {
    return {__shfl_sync(0xffffffff, entry.value, lane), __shfl_sync(0xffffffff, entry.col, lane)};
}

// Puts every lane's entry that lies after `last` and before `worst` into the order that the lanes hold.
__device__ __forceinline__ void insert(Entry& held, Entry entry, Entry last, Entry worst) {
    int lane = threadIdx.x % 32;
    unsigned candidates = __ballot_sync(0xffffffff, before(last, entry) && before(entry, worst));
    while (candidates) {
        Entry candidate = lane_of(entry, __ffs(candidates) - 1);
        candidates &= candidates - 1;
        int place = __popc(__ballot_sync(0xffffffff, before(held, candidate)));
        Entry shifted = {__shfl_up_sync(0xffffffff, held.value, 1), __shfl_up_sync(0xffffffff, held.col, 1)};
        if (lane > place)
            held = shifted;
        if (lane == place)
            held = candidate;
    }
}

extern "C" __global__ void __launch_bounds__(32 * WARPS)
    top_k(const float* __restrict__ x, float* __restrict__ values, int* __restrict__ indices, int cols, int k) {
    __shared__ Entry best_of[WARPS][32];
    int warp = threadIdx.x / 32;
    int lane = threadIdx.x % 32;
    x += (size_t)blockIdx.x * cols;
    Entry last = {INFINITY, -1};
    // Each pass finds the next 32 (or fewer) after the last entry of the pass before.
    for (int found = 0; found < k; found += 32) {
        int wanted = min(k - found, 32);
        Entry held = {-INFINITY, INT_MAX};
        Entry worst = held;
        for (int col0 = warp * 32 * AHEAD; col0 < cols; col0 += WARPS * 32 * AHEAD) {
            Entry entry[AHEAD];
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                int col = col0 + 32 * i + lane;
                entry[i].value = col < cols ? x[col] : -INFINITY;
                entry[i].col = col < cols ? col : INT_MAX;
            }
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                insert(held, entry[i], last, worst);
                worst = lane_of(held, wanted - 1);
            }
        }
        best_of[warp][lane] = held;
        __syncthreads();
        if (warp == 0) {
            for (int other = 1; other < WARPS; other++) {
                worst = lane_of(held, wanted - 1);
                insert(held, best_of[other][lane], last, worst);
            }
            // All warps need the last entry; the first place is free again.
            best_of[0][lane] = held;
            if (lane < wanted) {
                values[(size_t)blockIdx.x * k + found + lane] = held.value;
                indices[(size_t)blockIdx.x * k + found + lane] = held.col;
            }
        }
        __syncthreads();
        last = best_of[0][wanted - 1];
        // Nobody writes its place in the next pass before all have read this one.
        __syncthreads();
    }
}
