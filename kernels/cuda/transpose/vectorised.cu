// @operation transpose
// @method    vectorise
// @summary   float4 on both sides: a thread turns a 4 x 4 block in registers and a swizzled shared tile, free of bank conflicts, brings the blocks into row order.
// @tune QUADS in [16, 8]
// @launch transpose <<<(ceil_div(cols, 4 * QUADS), ceil_div(rows, 4 * QUADS)), (QUADS, QUADS)>>> (x, y, rows, cols)

// `end` is the length of the row that holds `quad`; what lies beyond it reads as 0.
__device__ float4 load_quad(const float* quad, int index, int end)
{
    if (end % 4 == 0)
        return index < end ? *reinterpret_cast<const float4*>(quad) : make_float4(0, 0, 0, 0);
    return make_float4(index < end ? quad[0] : 0, index + 1 < end ? quad[1] : 0, index + 2 < end ? quad[2] : 0,
                       index + 3 < end ? quad[3] : 0);
}

__device__ void store_quad(float* quad, int index, int end, float4 value)
{
    if (end % 4 == 0) {
        if (index < end)
            *reinterpret_cast<float4*>(quad) = value;
        return;
    }
    if (index < end)
        quad[0] = value.x;
    if (index + 1 < end)
        quad[1] = value.y;
    if (index + 2 < end)
        quad[2] = value.z;
    if (index + 3 < end)
        quad[3] = value.w;
}

extern "C" __global__ void __launch_bounds__(QUADS* QUADS)
transpose(const float* __restrict__ x, float* __restrict__ y, int rows, int cols)
{
    // Row c of the tile is column c of x. Quad q of it lies at q ^ (c / 4): lanes that write the same quad of different
    // rows, and lanes that read the quads of one row, then both cover all banks.
    __shared__ float4 tile[4 * QUADS][QUADS];
    const int tx = threadIdx.x;
    const int ty = threadIdx.y;
    const int row0 = blockIdx.y * 4 * QUADS;
    const int col0 = blockIdx.x * 4 * QUADS;

    const int col = col0 + 4 * tx;
    float4 in[4];
    #pragma unroll
    for (int i = 0; i < 4; ++i) {
        const int row = row0 + 4 * ty + i;
        in[i] = row < rows ? load_quad(x + (size_t)row * cols + col, col, cols) : make_float4(0, 0, 0, 0);
    }
    tile[4 * tx][ty ^ tx] = make_float4(in[0].x, in[1].x, in[2].x, in[3].x);
    tile[4 * tx + 1][ty ^ tx] = make_float4(in[0].y, in[1].y, in[2].y, in[3].y);
    tile[4 * tx + 2][ty ^ tx] = make_float4(in[0].z, in[1].z, in[2].z, in[3].z);
    tile[4 * tx + 3][ty ^ tx] = make_float4(in[0].w, in[1].w, in[2].w, in[3].w);
    __syncthreads();

    const int row = row0 + 4 * tx;
    #pragma unroll
    for (int i = 0; i < 4; ++i) {
        const int c = 4 * ty + i;
        if (col0 + c < cols)
            store_quad(y + (size_t)(col0 + c) * rows + row, row, rows, tile[c][tx ^ ty]);
    }
}
