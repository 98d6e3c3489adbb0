// @operation transpose
// @method    register-tile
// @summary   No shared memory: a thread turns a 4 x 4 block in registers, and a warp covers whole 32-byte sectors in its loads and in its stores.
// @tune ACROSS in [8, 4, 16]
// @tune DOWN in [16, 32]
// @launch transpose <<<(ceil_div(cols, 4 * ACROSS), ceil_div(rows, 4 * DOWN)), (ACROSS, DOWN)>>> (x, y, rows, cols)
extern "C" __global__ void __launch_bounds__(ACROSS* DOWN)
transpose(const float* __restrict__ x, float* __restrict__ y, int rows, int cols)
{
    const int col = 4 * (blockIdx.x * ACROSS + threadIdx.x);
    const int row = 4 * (blockIdx.y * DOWN + threadIdx.y);
    if (row >= rows || col >= cols)
        return;
    if (rows % 4 != 0 || cols % 4 != 0) {
        for (int r = row; r < min(row + 4, rows); ++r)
            for (int c = col; c < min(col + 4, cols); ++c)
                y[(size_t)c * rows + r] = x[(size_t)r * cols + c];
        return;
    }
    float4 in[4];
    #pragma unroll
    for (int i = 0; i < 4; ++i)
        in[i] = *reinterpret_cast<const float4*>(x + (size_t)(row + i) * cols + col);
    float4* out = reinterpret_cast<float4*>(y + (size_t)col * rows + row);
    const int next = rows / 4;
    out[0] = make_float4(in[0].x, in[1].x, in[2].x, in[3].x);
    out[next] = make_float4(in[0].y, in[1].y, in[2].y, in[3].y);
    out[2 * next] = make_float4(in[0].z, in[1].z, in[2].z, in[3].z);
    out[3 * next] = make_float4(in[0].w, in[1].w, in[2].w, in[3].w);
}
