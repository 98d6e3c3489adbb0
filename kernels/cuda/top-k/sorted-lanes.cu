// @operation top-k
// @method    online
// @summary   One warp a row reads it once: the lanes hold the best 32 so far in order, and only columns that beat the worst go in.
// @tune BLOCK in [128, 64, 256]
// @tune AHEAD in [4, 2, 8]
// @launch top_k <<<ceil_div(rows, BLOCK / 32), BLOCK>>> (x, values, indices, rows, cols, k)
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

extern "C" __global__ void __launch_bounds__(BLOCK)
    top_k(const float* __restrict__ x, float* __restrict__ values, int* __restrict__ indices, int rows, int cols,
          int k) {
    int lane = threadIdx.x % 32;
    int row = blockIdx.x * (BLOCK / 32) + threadIdx.x / 32;
    if (row >= rows)
        return;
    x += (size_t)row * cols;
    Entry last = {INFINITY, -1};
    // Each pass finds the next 32 (or fewer) after the last entry of the pass before.
    for (int found = 0; found < k; found += 32) {
        int wanted = min(k - found, 32);
        Entry held = {-INFINITY, INT_MAX};
        Entry worst = held;
        for (int col0 = 0; col0 < cols; col0 += 32 * AHEAD) {
            Entry entry[AHEAD];
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                int col = col0 + 32 * i + lane;
                entry[i].value = col < cols ? x[col] : -INFINITY;
                entry[i].col = col < cols ? col : INT_MAX;
            }
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                unsigned candidates = __ballot_sync(0xffffffff, before(last, entry[i]) && before(entry[i], worst));
                while (candidates) {
                    Entry candidate = lane_of(entry[i], __ffs(candidates) - 1);
                    candidates &= candidates - 1;
                    // The worst may have risen since the vote; a late candidate then moves nobody of the wanted lanes.
                    int place = __popc(__ballot_sync(0xffffffff, before(held, candidate)));
                    Entry shifted = {__shfl_up_sync(0xffffffff, held.value, 1),
                                     __shfl_up_sync(0xffffffff, held.col, 1)};
                    if (lane > place)
                        held = shifted;
                    if (lane == place)
                        held = candidate;
                }
                worst = lane_of(held, wanted - 1);
            }
        }
        if (lane < wanted) {
            values[(size_t)row * k + found + lane] = held.value;
            indices[(size_t)row * k + found + lane] = held.col;
        }
        last = worst;
    }
}
