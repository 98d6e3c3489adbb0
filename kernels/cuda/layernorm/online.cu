// @operation layernorm
// @method    online
// @summary   A block a row: mean and variance in one sweep by merging running moments (Welford, Chan), exact where a sum of squares would cancel; a second sweep writes.
// @tune BLOCK in [256, 128, 512, 1024]
// @launch layernorm <<<rows, BLOCK>>> (x, gamma, beta, y, cols, eps)
constexpr int WARPS = BLOCK / 32;

template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

// Of `count` values: their mean and the sum of the squared differences from it.
struct Moments {
    float count, mean, squares;
};

__device__ Moments merge(Moments a, Moments b)
{
    const float count = a.count + b.count;
    const float share = count > 0 ? __fdividef(b.count, count) : 0;
    const float delta = b.mean - a.mean;
    return {count, a.mean + delta * share, a.squares + b.squares + delta * delta * a.count * share};
}

__device__ Moments warp_merge(Moments m)
{
    for (int offset = 16; offset > 0; offset /= 2) {
        const float count = __shfl_xor_sync(0xffffffff, m.count, offset);
        const float mean = __shfl_xor_sync(0xffffffff, m.mean, offset);
        const float squares = __shfl_xor_sync(0xffffffff, m.squares, offset);
        m = merge(m, {count, mean, squares});
    }
    return m;
}

template <int WIDTH>
__device__ void normalise_row(const float* __restrict__ x, const float* __restrict__ gamma,
                              const float* __restrict__ beta, float* __restrict__ y, int cols, float eps)
{
    __shared__ Moments warp_moments[WARPS];
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    const Pack<WIDTH>* gammas = reinterpret_cast<const Pack<WIDTH>*>(gamma);
    const Pack<WIDTH>* betas = reinterpret_cast<const Pack<WIDTH>*>(beta);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;
    const int lane = threadIdx.x % 32;

    Moments row = {0, 0, 0};
    #pragma unroll 2
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        // The moments of the pack first: one division serves WIDTH values.
        const Pack<WIDTH> v = in[p];
        float sum = 0;
        for (int i = 0; i < WIDTH; ++i)
            sum += v.value[i];
        Moments pack = {WIDTH, sum / WIDTH, 0};
        for (int i = 0; i < WIDTH; ++i)
            pack.squares += (v.value[i] - pack.mean) * (v.value[i] - pack.mean);
        row = merge(row, pack);
    }
    row = warp_merge(row);
    if (lane == 0)
        warp_moments[threadIdx.x / 32] = row;
    __syncthreads();
    row = warp_merge(lane < WARPS ? warp_moments[lane] : Moments{0, 0, 0});
    const float scale = rsqrtf(row.squares / cols + eps);

    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        Pack<WIDTH> v = in[p];
        const Pack<WIDTH> g = gammas[p];
        const Pack<WIDTH> b = betas[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] = (v.value[i] - row.mean) * scale * g.value[i] + b.value[i];
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
