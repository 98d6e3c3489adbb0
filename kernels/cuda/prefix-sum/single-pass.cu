// @operation prefix-sum
// @method    fuse
// @summary   Decoupled look-back: a tile publishes its sum, finds what lies before it by looking at its predecessors, 32 at a time, and is written at once: x is read once.
// @tune BLOCK in [256, 128, 512]
// @tune QUADS in [4, 2, 8]
// @scratch state i64 [ceil_div(n, 4 * BLOCK * QUADS)]
// @scratch ticket i32 [1]
// @launch clear <<<ceil_div(ceil_div(n, 4 * BLOCK * QUADS), BLOCK), BLOCK>>> (state, ticket, ceil_div(n, 4 * BLOCK * QUADS))
// @launch scan <<<ceil_div(n, 4 * BLOCK * QUADS), BLOCK>>> (x, y, state, ticket, n)
constexpr int WARPS = BLOCK / 32;
constexpr int TILE = 4 * BLOCK * QUADS;

// The state of a tile is one word, so that flag and value are seen together: the flag in the upper half, a sum in the lower.
constexpr unsigned long long TILE_SUM = 1ULL << 32;
constexpr unsigned long long PREFIX_SUM = 2ULL << 32;

extern "C" __global__ void __launch_bounds__(BLOCK)
clear(unsigned long long* state, int* ticket, int tiles)
{
    const int tile = blockIdx.x * BLOCK + threadIdx.x;
    if (tile < tiles)
        state[tile] = 0;
    if (tile == 0)
        *ticket = 0;
}

__device__ int4 load_quad(const int* x, int first, int n)
{
    if (first + 4 <= n)
        return *reinterpret_cast<const int4*>(x + first);
    return make_int4(first < n ? x[first] : 0, first + 1 < n ? x[first + 1] : 0, first + 2 < n ? x[first + 2] : 0, 0);
}

__device__ int warp_scan(int v)
{
    const int lane = threadIdx.x % 32;
    for (int offset = 1; offset < 32; offset *= 2) {
        const int before = __shfl_up_sync(0xffffffff, v, offset);
        if (lane >= offset)
            v += before;
    }
    return v;
}

// The sum of all tiles before this one; called by one whole warp.
__device__ int look_back(unsigned long long* state, int tile)
{
    int sum = 0;
    for (int last = tile - 1; last >= 0; last -= 32) {
        const int predecessor = last - (int)threadIdx.x;
        unsigned long long word = PREFIX_SUM;
        if (predecessor >= 0)
            do
                word = atomicAdd(&state[predecessor], 0ULL);
            while (word == 0);
        __syncwarp();
        // The nearest tile that knows its prefix ends the search; what lies before it is in that prefix.
        const unsigned known = __ballot_sync(0xffffffff, word >= PREFIX_SUM);
        const int nearest = known == 0 ? 31 : __ffs(known) - 1;
        sum += __reduce_add_sync(0xffffffff, threadIdx.x <= nearest ? (int)(unsigned)word : 0);
        if (known != 0)
            break;
    }
    return sum;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
scan(const int* __restrict__ x, int* __restrict__ y, unsigned long long* state, int* ticket, int n)
{
    __shared__ int warp_totals[WARPS];
    __shared__ int this_tile, tile_offset;
    const int warp = threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    // Tiles are given out in the order in which blocks start, so that all predecessors of a tile are running or done.
    if (threadIdx.x == 0)
        this_tile = atomicAdd(ticket, 1);
    __syncthreads();
    const int tile = this_tile;

    const int first = tile * TILE + 128 * QUADS * warp + 4 * lane;
    int4 v[QUADS];
    #pragma unroll
    for (int k = 0; k < QUADS; ++k)
        v[k] = load_quad(x, first + 128 * k, n);
    int carry = 0;
    #pragma unroll
    for (int k = 0; k < QUADS; ++k) {
        v[k].y += v[k].x;
        v[k].z += v[k].y;
        v[k].w += v[k].z;
        const int inclusive = warp_scan(v[k].w);
        const int before = carry + inclusive - v[k].w;
        carry += __shfl_sync(0xffffffff, inclusive, 31);
        v[k].x += before;
        v[k].y += before;
        v[k].z += before;
        v[k].w += before;
    }
    if (lane == 0)
        warp_totals[warp] = carry;
    __syncthreads();

    if (warp == 0) {
        const int total = __reduce_add_sync(0xffffffff, lane < WARPS ? warp_totals[lane] : 0);
        if (lane == 0)
            atomicExch(&state[tile], TILE_SUM | (unsigned)total);
        const int offset = look_back(state, tile);
        if (lane == 0) {
            atomicExch(&state[tile], PREFIX_SUM | (unsigned)(offset + total));
            tile_offset = offset;
        }
    }
    __syncthreads();

    int before = tile_offset;
    for (int w = 0; w < warp; ++w)
        before += warp_totals[w];
    #pragma unroll
    for (int k = 0; k < QUADS; ++k) {
        const int i = first + 128 * k;
        v[k].x += before;
        v[k].y += before;
        v[k].z += before;
        v[k].w += before;
        if (i + 4 <= n) {
            *reinterpret_cast<int4*>(y + i) = v[k];
        } else {
            if (i < n)
                y[i] = v[k].x;
            if (i + 1 < n)
                y[i + 1] = v[k].y;
            if (i + 2 < n)
                y[i + 2] = v[k].z;
        }
    }
}
