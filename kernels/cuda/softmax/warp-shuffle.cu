// @operation softmax
// @method    warp-shuffle
// @summary   A warp a row: no barrier and no shared memory, five shuffles for the maximum and five for the sum. Best for short rows.
// @tune ROWS in [4, 2, 8, 16]
// @launch softmax <<<ceil_div(rows, ROWS), (32, ROWS)>>> (x, y, rows, cols)
template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

template <int WIDTH> __device__ void softmax_row(const float* __restrict__ x, float* __restrict__ y, int cols)
{
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;

    float largest = -FLT_MAX;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            largest = fmaxf(largest, v.value[i]);
    }
    for (int offset = 16; offset > 0; offset /= 2)
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, offset));

    float sum = 0;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            sum += __expf(v.value[i] - largest);
    }
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffff, sum, offset);

    const float scale = 1 / sum;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += 32) {
        Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] = __expf(v.value[i] - largest) * scale;
        out[p] = v;
    }
}

extern "C" __global__ void __launch_bounds__(32 * ROWS)
softmax(const float* __restrict__ x, float* __restrict__ y, int rows, int cols)
{
    const int row = blockIdx.x * ROWS + threadIdx.y;
    if (row >= rows)
        return;
    const size_t start = (size_t)row * cols;
    if (cols % 4 == 0)
        softmax_row<4>(x + start, y + start, cols);
    else
        softmax_row<1>(x + start, y + start, cols);
}
