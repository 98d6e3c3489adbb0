// @operation layernorm
// @method    block-reduce
// @summary   A block a row, in float4s where the row length allows: mean, variance about the mean and result in three sweeps, of which the last two hit the cache.
// @tune BLOCK in [256, 128, 512, 1024]
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

    float sum = 0;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            sum += v.value[i];
    }
    const float mean = block_sum(sum, totals) / cols;

    float squares = 0;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            squares += (v.value[i] - mean) * (v.value[i] - mean);
    }
    const float scale = rsqrtf(block_sum(squares, square_totals) / cols + eps);

    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
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
