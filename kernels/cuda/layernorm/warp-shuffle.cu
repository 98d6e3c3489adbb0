// @operation layernorm
// @method    warp-shuffle
// @summary   A warp a row: no barrier and no shared memory, five shuffles for the mean and five for the variance. Best for short rows.
// @tune ROWS in [4, 2, 8, 16]
// @launch layernorm <<<ceil_div(rows, ROWS), (32, ROWS)>>> (x, gamma, beta, y, rows, cols, eps)
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
__device__ void normalise_row(const float* __restrict__ x, const float* __restrict__ gamma,
                              const float* __restrict__ beta, float* __restrict__ y, int cols, float eps)
{
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    const Pack<WIDTH>* gammas = reinterpret_cast<const Pack<WIDTH>*>(gamma);
    const Pack<WIDTH>* betas = reinterpret_cast<const Pack<WIDTH>*>(beta);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;

    float sum = 0;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            sum += v.value[i];
    }
    const float mean = warp_sum(sum) / cols;

    float squares = 0;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            squares += (v.value[i] - mean) * (v.value[i] - mean);
    }
    const float scale = rsqrtf(warp_sum(squares) / cols + eps);

    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        Pack<WIDTH> v = in[p];
        const Pack<WIDTH> g = gammas[p];
        const Pack<WIDTH> b = betas[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] = (v.value[i] - mean) * scale * g.value[i] + b.value[i];
        out[p] = v;
    }
}

extern "C" __global__ void __launch_bounds__(32 * ROWS)
layernorm(const float* __restrict__ x, const float* __restrict__ gamma, const float* __restrict__ beta,
          float* __restrict__ y, int rows, int cols, float eps)
{
    const int row = blockIdx.x * ROWS + threadIdx.y;
    if (row >= rows)
        return;
    const size_t start = (size_t)row * cols;
    if (cols % 4 == 0)
        normalise_row<4>(x + start, gamma, beta, y + start, cols, eps);
    else
        normalise_row<1>(x + start, gamma, beta, y + start, cols, eps);
}
