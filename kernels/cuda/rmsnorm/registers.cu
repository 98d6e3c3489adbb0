// @operation rmsnorm
// @method    fuse
// @summary   A block a row, kept in registers from the load to the store, so that x is read once; only columns beyond BLOCK * KEEP packs are swept again.
// @tune BLOCK in [256, 128, 512]
// @tune KEEP in [4, 2, 8]
// @launch rmsnorm <<<rows, BLOCK>>> (x, gamma, y, cols, eps)
constexpr int WARPS = BLOCK / 32;

template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

__device__ float warp_sum(float v)
{
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_xor_sync(0xffffffff, v, offset);
    return v;
}

template <int WIDTH>
__device__ void normalise_row(const float* __restrict__ x, const float* __restrict__ gamma, float* __restrict__ y,
                              int cols, float eps)
{
    __shared__ float warp_totals[WARPS];
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    const Pack<WIDTH>* gammas = reinterpret_cast<const Pack<WIDTH>*>(gamma);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;
    const int rest = threadIdx.x + KEEP * BLOCK;
    const int lane = threadIdx.x % 32;

    Pack<WIDTH> kept[KEEP];
    #pragma unroll
    for (int k = 0; k < KEEP; ++k) {
        const int p = threadIdx.x + k * BLOCK;
        if (p < packs)
            kept[k] = in[p];
        else
            for (int i = 0; i < WIDTH; ++i)
                kept[k].value[i] = 0;
    }
    float squares = 0;
    #pragma unroll
    for (int k = 0; k < KEEP; ++k)
        for (int i = 0; i < WIDTH; ++i)
            squares += kept[k].value[i] * kept[k].value[i];
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            squares += v.value[i] * v.value[i];
    }
    squares = warp_sum(squares);
    if (lane == 0)
        warp_totals[threadIdx.x / 32] = squares;
    __syncthreads();
    const float scale = rsqrtf(warp_sum(lane < WARPS ? warp_totals[lane] : 0) / cols + eps);

    #pragma unroll
    for (int k = 0; k < KEEP; ++k) {
        const int p = threadIdx.x + k * BLOCK;
        if (p >= packs)
            continue;
        const Pack<WIDTH> g = gammas[p];
        for (int i = 0; i < WIDTH; ++i)
            kept[k].value[i] *= scale * g.value[i];
        out[p] = kept[k];
    }
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        Pack<WIDTH> v = in[p];
        const Pack<WIDTH> g = gammas[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] *= scale * g.value[i];
        out[p] = v;
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
rmsnorm(const float* __restrict__ x, const float* __restrict__ gamma, float* __restrict__ y, int cols, float eps)
{
    const size_t start = (size_t)blockIdx.x * cols;
    if (cols % 4 == 0)
        normalise_row<4>(x + start, gamma, y + start, cols, eps);
    else
        normalise_row<1>(x + start, gamma, y + start, cols, eps);
}
