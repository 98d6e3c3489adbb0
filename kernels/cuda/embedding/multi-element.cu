// @operation embedding
// @method    multi-element
// @summary   A thread copies the same columns of TOKENS tokens: all ids are read first, then all rows, so that the waits for id and row are paid once for all.
// @tune BLOCK in [128, 256, 64]
// @tune TOKENS in [4, 2, 8]
// @launch gather <<<(ceil_div(dim, 4 * BLOCK), ceil_div(tokens, TOKENS)), BLOCK>>> (ids, table, y, tokens, dim)
template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

template <int WIDTH>
__device__ void gather_columns(const int* __restrict__ ids, const float* __restrict__ table, float* __restrict__ y,
                               int tokens, int dim)
{
    const int packs = dim / WIDTH;
    const int token0 = blockIdx.y * TOKENS;
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(table);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    int id[TOKENS];
    #pragma unroll
    for (int t = 0; t < TOKENS; ++t)
        id[t] = ids[min(token0 + t, tokens - 1)];
    // One turn with quads; with single columns the grid, made for quads, goes over the row four times.
    for (int p = blockIdx.x * BLOCK + threadIdx.x; p < packs; p += gridDim.x * BLOCK) {
        Pack<WIDTH> v[TOKENS];
        #pragma unroll
        for (int t = 0; t < TOKENS; ++t)
            v[t] = in[(size_t)id[t] * packs + p];
        #pragma unroll
        for (int t = 0; t < TOKENS; ++t)
            if (token0 + t < tokens)
                out[(size_t)(token0 + t) * packs + p] = v[t];
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
gather(const int* __restrict__ ids, const float* __restrict__ table, float* __restrict__ y, int tokens, int dim)
{
    if (dim % 4 == 0)
        gather_columns<4>(ids, table, y, tokens, dim);
    else
        gather_columns<1>(ids, table, y, tokens, dim);
}
