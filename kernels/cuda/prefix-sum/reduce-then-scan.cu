// @operation prefix-sum
// @method    decoupled
// @summary   Three passes: sums of the tiles, a scan of these sums by one block, then the tiles again, each in registers: x is read twice and y written once.
// @tune BLOCK in [256, 128, 512]
// @tune QUADS in [4, 2, 8]
// @scratch offsets i32 [ceil_div(n, 4 * BLOCK * QUADS)]
// @launch tile_sums <<<ceil_div(n, 4 * BLOCK * QUADS), BLOCK>>> (x, offsets, n)
// @launch scan_sums <<<1, BLOCK>>> (offsets, ceil_div(n, 4 * BLOCK * QUADS))
// @launch scan_tiles <<<ceil_div(n, 4 * BLOCK * QUADS), BLOCK>>> (x, offsets, y, n)
constexpr int WARPS = BLOCK / 32;
constexpr int TILE = 4 * BLOCK * QUADS;

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

extern "C" __global__ void __launch_bounds__(BLOCK)
tile_sums(const int* __restrict__ x, int* __restrict__ sums, int n)
{
    __shared__ int warp_totals[WARPS];
    int sum = 0;
    #pragma unroll
    for (int k = 0; k < QUADS; ++k) {
        const int4 v = load_quad(x, blockIdx.x * TILE + 4 * (k * BLOCK + threadIdx.x), n);
        sum += (v.x + v.y) + (v.z + v.w);
    }
    sum = __reduce_add_sync(0xffffffff, sum);
    if (threadIdx.x % 32 == 0)
        warp_totals[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int w = 1; w < WARPS; ++w)
            sum += warp_totals[w];
        sums[blockIdx.x] = sum;
    }
}

// Replaces every sum by the sum of all before it.
extern "C" __global__ void __launch_bounds__(BLOCK)
scan_sums(int* sums, int count)
{
    __shared__ int warp_totals[WARPS];
    const int warp = threadIdx.x / 32;
    int carry = 0;
    for (int first = 0; first < count; first += 4 * BLOCK) {
        // Four sums a thread, so that one round of barriers serves 4 * BLOCK tiles.
        const int i = first + 4 * threadIdx.x;
        const int4 v = load_quad(sums, i, count);
        const int inclusive = warp_scan(v.x + v.y + v.z + v.w);
        if (threadIdx.x % 32 == 31)
            warp_totals[warp] = inclusive;
        __syncthreads();
        int before = carry + inclusive - (v.x + v.y + v.z + v.w);
        for (int w = 0; w < WARPS; ++w) {
            if (w < warp)
                before += warp_totals[w];
            carry += warp_totals[w];
        }
        if (i < count)
            sums[i] = before;
        if (i + 1 < count)
            sums[i + 1] = before + v.x;
        if (i + 2 < count)
            sums[i + 2] = before + v.x + v.y;
        if (i + 3 < count)
            sums[i + 3] = before + v.x + v.y + v.z;
        // The next round overwrites warp_totals.
        __syncthreads();
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
scan_tiles(const int* __restrict__ x, const int* __restrict__ offsets, int* __restrict__ y, int n)
{
    __shared__ int warp_totals[WARPS];
    const int warp = threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    // A warp scans QUADS * 128 neighbours, 128 of them (an int4 a lane) at a time.
    const int first = blockIdx.x * TILE + 128 * QUADS * warp + 4 * lane;
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
    int before = offsets[blockIdx.x];
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
