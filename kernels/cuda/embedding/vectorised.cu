// @operation embedding
// @method    vectorise
// @summary   One float4 a thread where the row length allows, the threads of a block side by side in a row: a quarter of the memory instructions.
// @tune BLOCK in [128, 256, 64]
// @launch gather <<<(ceil_div(dim, 4 * BLOCK), tokens), BLOCK>>> (ids, table, y, dim)
extern "C" __global__ void __launch_bounds__(BLOCK)
gather(const int* __restrict__ ids, const float* __restrict__ table, float* __restrict__ y, int dim)
{
    const int token = blockIdx.y;
    const float* from = table + (size_t)ids[token] * dim;
    float* to = y + (size_t)token * dim;
    const int first = 4 * BLOCK * blockIdx.x;
    if (dim % 4 == 0) {
        const int i = first + 4 * threadIdx.x;
        if (i < dim)
            *reinterpret_cast<float4*>(to + i) = *reinterpret_cast<const float4*>(from + i);
    } else {
        for (int i = first + threadIdx.x; i < min(first + 4 * BLOCK, dim); i += BLOCK)
            to[i] = from[i];
    }
}
