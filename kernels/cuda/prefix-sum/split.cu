// @operation prefix-sum
// @method    split
// @summary   Two launches: BLOCKS blocks sum one long chunk each; then every block adds up the sums before its own and scans its chunk with a running carry.
// @tune BLOCK in [256, 512]
// @tune BLOCKS in [1056, 528, 264]
// @scratch sums i32 [BLOCKS]
// @launch chunk_sums <<<ceil_div(n, 8 * BLOCK * ceil_div(n, 8 * BLOCK * BLOCKS)), BLOCK>>> (x, sums, n, 8 * BLOCK * ceil_div(n, 8 * BLOCK * BLOCKS))
// @launch scan_chunks <<<ceil_div(n, 8 * BLOCK * ceil_div(n, 8 * BLOCK * BLOCKS)), BLOCK>>> (x, sums, y, n, 8 * BLOCK * ceil_div(n, 8 * BLOCK * BLOCKS))
constexpr int WARPS = BLOCK / 32;
// Elements that a block handles in a turn: two int4 a thread. A chunk is a whole number of tiles.
constexpr int TILE = 8 * BLOCK;

__device__ int4 load_quad(const int* x, int first, int n)
{
    if (first + 4 <= n)
        return *reinterpret_cast<const int4*>(x + first);
    return make_int4(first < n ? x[first] : 0, first + 1 < n ? x[first + 1] : 0, first + 2 < n ? x[first + 2] : 0, 0);
}

__device__ void store_quad(int* y, int first, int n, int4 v, int before)
{
    v = make_int4(v.x + before, v.y + before, v.z + before, v.w + before);
    if (first + 4 <= n) {
        *reinterpret_cast<int4*>(y + first) = v;
        return;
    }
    if (first < n)
        y[first] = v.x;
    if (first + 1 < n)
        y[first + 1] = v.y;
    if (first + 2 < n)
        y[first + 2] = v.z;
}

// Adds up v over the block; warp_totals must not be in use.
__device__ int block_sum(int v, int* warp_totals)
{
    v = __reduce_add_sync(0xffffffff, v);
    if (threadIdx.x % 32 == 0)
        warp_totals[threadIdx.x / 32] = v;
    __syncthreads();
    int sum = 0;
    for (int w = 0; w < WARPS; ++w)
        sum += warp_totals[w];
    return sum;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
chunk_sums(const int* __restrict__ x, int* __restrict__ sums, int n, int chunk)
{
    __shared__ int warp_totals[WARPS];
    const int start = blockIdx.x * chunk;
    const int end = min(start + chunk, n);
    int sum = 0;
    #pragma unroll 4
    for (int i = start + 4 * threadIdx.x; i < end; i += 4 * BLOCK) {
        const int4 v = load_quad(x, i, n);
        sum += (v.x + v.y) + (v.z + v.w);
    }
    sum = block_sum(sum, warp_totals);
    if (threadIdx.x == 0)
        sums[blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
scan_chunks(const int* __restrict__ x, const int* __restrict__ sums, int* __restrict__ y, int n, int chunk)
{
    __shared__ int chunk_totals[WARPS];
    // Two sets in turn: a warp may write the next set while another still reads the present one, at one barrier a tile.
    __shared__ int warp_totals[2][WARPS];
    const int warp = threadIdx.x / 32;
    const int lane = threadIdx.x % 32;

    int carry = 0;
    for (int b = threadIdx.x; b < blockIdx.x; b += BLOCK)
        carry += sums[b];
    carry = block_sum(carry, chunk_totals);

    const int start = blockIdx.x * chunk;
    const int end = min(start + chunk, n);
    int set = 0;
    for (int tile = start; tile < end; tile += TILE, set ^= 1) {
        const int first = tile + 256 * warp + 4 * lane;
        int4 v = load_quad(x, first, n);
        int4 w = load_quad(x, first + 128, n);
        v.y += v.x;
        v.z += v.y;
        v.w += v.z;
        w.y += w.x;
        w.z += w.y;
        w.w += w.z;
        // Both scans go through the shuffles together.
        int v_sum = v.w;
        int w_sum = w.w;
        for (int offset = 1; offset < 32; offset *= 2) {
            const int v_before = __shfl_up_sync(0xffffffff, v_sum, offset);
            const int w_before = __shfl_up_sync(0xffffffff, w_sum, offset);
            if (lane >= offset) {
                v_sum += v_before;
                w_sum += w_before;
            }
        }
        w_sum += __shfl_sync(0xffffffff, v_sum, 31);
        if (lane == 31)
            warp_totals[set][warp] = w_sum;
        __syncthreads();
        int before = carry;
        for (int i = 0; i < WARPS; ++i) {
            const int total = warp_totals[set][i];
            if (i < warp)
                before += total;
            carry += total;
        }
        store_quad(y, first, n, v, before + v_sum - v.w);
        store_quad(y, first + 128, n, w, before + w_sum - w.w);
    }
}
