// @operation embedding
// @method    coalesce
// @summary   A warp a token: the id is read once, and the lanes copy neighbouring elements of the row, in float4s where its length allows.
// @tune TOKENS in [8, 4, 16]
// @launch gather <<<ceil_div(tokens, TOKENS), (32, TOKENS)>>> (ids, table, y, tokens, dim)
template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

template <int WIDTH> __device__ void copy_row(const float* __restrict__ from, float* __restrict__ to, int dim)
{
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(from);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(to);
    #pragma unroll 4
    for (int p = threadIdx.x; p < dim / WIDTH; p += 32)
        out[p] = in[p];
}

extern "C" __global__ void __launch_bounds__(32 * TOKENS)
gather(const int* __restrict__ ids, const float* __restrict__ table, float* __restrict__ y, int tokens, int dim)
{
    const int token = blockIdx.x * TOKENS + threadIdx.y;
    if (token >= tokens)
        return;
    const float* from = table + (size_t)ids[token] * dim;
    float* to = y + (size_t)token * dim;
    if (dim % 4 == 0)
        copy_row<4>(from, to, dim);
    else
        copy_row<1>(from, to, dim);
}
