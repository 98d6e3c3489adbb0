// @operation softmax
// @method    fuse
// @summary   A block a row, kept in registers from the load to the store: x is read once, each exponential taken once; only columns beyond BLOCK * KEEP packs are swept again.
// @tune BLOCK in [256, 128, 512]
// @tune KEEP in [4, 2, 8]
// @launch softmax <<<rows, BLOCK>>> (x, y, cols)
constexpr int WARPS = BLOCK / 32;

template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

__device__ float warp_max(float v)
{
    for (int offset = 16; offset > 0; offset /= 2)
        v = fmaxf(v, __shfl_xor_sync(0xffffffff, v, offset));
    return v;
}

__device__ float warp_sum(float v)
{
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_xor_sync(0xffffffff, v, offset);
    return v;
}

template <int WIDTH> __device__ void softmax_row(const float* __restrict__ x, float* __restrict__ y, int cols)
{
    __shared__ float warp_largest[WARPS];
    __shared__ float warp_totals[WARPS];
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;
    const int rest = threadIdx.x + KEEP * BLOCK;
    const int warp = threadIdx.x / 32;
    const int lane = threadIdx.x % 32;

    Pack<WIDTH> kept[KEEP];
    #pragma unroll
    for (int k = 0; k < KEEP; ++k) {
        const int p = threadIdx.x + k * BLOCK;
        if (p < packs)
            kept[k] = in[p];
        else
            for (int i = 0; i < WIDTH; ++i)
                kept[k].value[i] = -FLT_MAX;
    }
    float largest = -FLT_MAX;
    #pragma unroll
    for (int k = 0; k < KEEP; ++k)
        for (int i = 0; i < WIDTH; ++i)
            largest = fmaxf(largest, kept[k].value[i]);
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            largest = fmaxf(largest, v.value[i]);
    }
    largest = warp_max(largest);
    if (lane == 0)
        warp_largest[warp] = largest;
    __syncthreads();
    largest = warp_max(warp_largest[lane % WARPS]);

    // From here on the exponentials are kept. The filling beyond the row becomes 0 and adds nothing.
    float sum = 0;
    #pragma unroll
    for (int k = 0; k < KEEP; ++k)
        for (int i = 0; i < WIDTH; ++i) {
            kept[k].value[i] = __expf(kept[k].value[i] - largest);
            sum += kept[k].value[i];
        }
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            sum += __expf(v.value[i] - largest);
    }
    sum = warp_sum(sum);
    if (lane == 0)
        warp_totals[warp] = sum;
    __syncthreads();
    const float scale = 1 / warp_sum(lane < WARPS ? warp_totals[lane] : 0);

    #pragma unroll
    for (int k = 0; k < KEEP; ++k) {
        const int p = threadIdx.x + k * BLOCK;
        if (p >= packs)
            continue;
        for (int i = 0; i < WIDTH; ++i)
            kept[k].value[i] *= scale;
        out[p] = kept[k];
    }
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] = __expf(v.value[i] - largest) * scale;
        out[p] = v;
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
softmax(const float* __restrict__ x, float* __restrict__ y, int cols)
{
    const size_t start = (size_t)blockIdx.x * cols;
    if (cols % 4 == 0)
        softmax_row<4>(x + start, y + start, cols);
    else
        softmax_row<1>(x + start, y + start, cols);
}
