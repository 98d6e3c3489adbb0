// @operation rmsnorm
// @method    warp-shuffle
// @summary   A warp a row: no barrier and no shared memory, five shuffles add up the squares. Best for short rows.
// @tune ROWS in [4, 2, 8, 16]
// @launch rmsnorm <<<ceil_div(rows, ROWS), (32, ROWS)>>> (x, gamma, y, rows, cols, eps)
template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

template <int WIDTH>
__device__ void normalise_row(const float* __restrict__ x, const float* __restrict__ gamma, float* __restrict__ y,
                              int cols, float eps)
{
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    const Pack<WIDTH>* gammas = reinterpret_cast<const Pack<WIDTH>*>(gamma);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;

    float squares = 0;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            squares += v.value[i] * v.value[i];
    }
    for (int offset = 16; offset > 0; offset /= 2)
        squares += __shfl_xor_sync(0xffffffff, squares, offset);
    const float scale = rsqrtf(squares / cols + eps);

    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        Pack<WIDTH> v = in[p];
        const Pack<WIDTH> g = gammas[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] *= scale * g.value[i];
        out[p] = v;
    }
}

extern "C" __global__ void __launch_bounds__(32 * ROWS)
rmsnorm(const float* __restrict__ x, const float* __restrict__ gamma, float* __restrict__ y, int rows, int cols,
        float eps)
{
    const int row = blockIdx.x * ROWS + threadIdx.y;
    if (row >= rows)
        return;
    const size_t start = (size_t)row * cols;
    if (cols % 4 == 0)
        normalise_row<4>(x + start, gamma, y + start, cols, eps);
    else
        normalise_row<1>(x + start, gamma, y + start, cols, eps);
}
