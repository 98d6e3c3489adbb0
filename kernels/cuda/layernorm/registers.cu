// @operation layernorm
// @method    fuse
// @summary   A block a row, kept in registers from the load to the store, so that x is read once; only columns beyond BLOCK * KEEP packs are swept again.
// @tune BLOCK in [256, 128, 512, 1024]
// @tune KEEP in [4, 2]
// @launch layernorm <<<rows, BLOCK>>> (x, gamma, beta, y, cols, eps)
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

// The sum over the block, in every thread; warp_totals must not be in use.
__device__ float block_sum(float v, float* warp_totals)
{
    v = warp_sum(v);
    if (threadIdx.x % 32 == 0)
        warp_totals[threadIdx.x / 32] = v;
    __syncthreads();
    return warp_sum(threadIdx.x % 32 < WARPS ? warp_totals[threadIdx.x % 32] : 0);
}

template <int WIDTH>
__device__ void normalise_row(const float* __restrict__ x, const float* __restrict__ gamma,
                              const float* __restrict__ beta, float* __restrict__ y, int cols, float eps)
{
    __shared__ float totals[WARPS];
    __shared__ float square_totals[WARPS];
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    const Pack<WIDTH>* gammas = reinterpret_cast<const Pack<WIDTH>*>(gamma);
    const Pack<WIDTH>* betas = reinterpret_cast<const Pack<WIDTH>*>(beta);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;
    const int rest = threadIdx.x + KEEP * BLOCK;

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
    float sum = 0;
    #pragma unroll
    for (int k = 0; k < KEEP; ++k)
        for (int i = 0; i < WIDTH; ++i)
            sum += kept[k].value[i];
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            sum += v.value[i];
    }
    const float mean = block_sum(sum, totals) / cols;

    float squares = 0;
    #pragma unroll
    for (int k = 0; k < KEEP; ++k)
        if (threadIdx.x + k * BLOCK < packs)
            for (int i = 0; i < WIDTH; ++i)
                squares += (kept[k].value[i] - mean) * (kept[k].value[i] - mean);
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            squares += (v.value[i] - mean) * (v.value[i] - mean);
    }
    const float scale = rsqrtf(block_sum(squares, square_totals) / cols + eps);

    #pragma unroll
    for (int k = 0; k < KEEP; ++k) {
        const int p = threadIdx.x + k * BLOCK;
        if (p >= packs)
            continue;
        const Pack<WIDTH> g = gammas[p];
        const Pack<WIDTH> b = betas[p];
        for (int i = 0; i < WIDTH; ++i)
            kept[k].value[i] = (kept[k].value[i] - mean) * scale * g.value[i] + b.value[i];
        out[p] = kept[k];
    }
    #pragma unroll 1
    for (int p = rest; p < packs; p += BLOCK) {
        Pack<WIDTH> v = in[p];
        const Pack<WIDTH> g = gammas[p];
        const Pack<WIDTH> b = betas[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] = (v.value[i] - mean) * scale * g.value[i] + b.value[i];
        out[p] = v;
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
layernorm(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
          float* __restrict__ y, int cols, float eps)
{
    const size_t start = (size_t)blockIdx.x * cols;
    if (cols % 4 == 0)
        normalise_row<4>(x + start, gamma, beta, y + start, cols, eps);
    else
        normalise_row<1>(x + start, gamma, beta, y + start, cols, eps);
}
