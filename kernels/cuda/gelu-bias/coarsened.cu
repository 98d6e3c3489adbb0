// @operation gelu-bias
// @method    thread-coarsen
// @summary   A thread keeps the bias of its columns in registers for ROWS rows, all of whose loads are in flight together.
// @tune BLOCK in [128, 256]
// @tune ROWS in [4, 2, 8]
// @launch gelu_bias <<<(ceil_div(cols, 4 * BLOCK), ceil_div(rows, ROWS)), BLOCK>>> (x, bias, y, rows, cols)
template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

// v / 2 * (1 + tanh(z)) = v / (1 + exp(-2 z))
__device__ float gelu(float v)
{
    const float z = 0.7978845608f * (v + 0.044715f * v * v * v);
    return __fdividef(v, 1 + __expf(-2 * z));
}

template <int WIDTH>
__device__ void gelu_columns(const float* __restrict__ x, const float* __restrict__ bias, float* __restrict__ y,
                             int rows, int cols)
{
    const int packs = cols / WIDTH;
    const int row0 = blockIdx.y * ROWS;
    const Pack<WIDTH>* biases = reinterpret_cast<const Pack<WIDTH>*>(bias);
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x) + (size_t)row0 * packs;
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y) + (size_t)row0 * packs;
    // One turn with quads; with single columns the grid, made for quads, goes over the row four times.
    for (int p = blockIdx.x * BLOCK + threadIdx.x; p < packs; p += gridDim.x * BLOCK) {
        const Pack<WIDTH> b = biases[p];
        Pack<WIDTH> v[ROWS];
        #pragma unroll
        for (int r = 0; r < ROWS; ++r)
            if (row0 + r < rows)
                v[r] = in[(size_t)r * packs + p];
        #pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            if (row0 + r >= rows)
                continue;
            for (int i = 0; i < WIDTH; ++i)
                v[r].value[i] = gelu(v[r].value[i] + b.value[i]);
            out[(size_t)r * packs + p] = v[r];
        }
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
gelu_bias(const float* __restrict__ x, const float* __restrict__ bias, float* __restrict__ y, int rows, int cols)
{
    if (cols % 4 == 0)
        gelu_columns<4>(x, bias, y, rows, cols);
    else
        gelu_columns<1>(x, bias, y, rows, cols);
}
