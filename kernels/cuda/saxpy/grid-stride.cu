// @operation saxpy
// @method    grid-stride
// @summary   As many blocks as the device holds at once stride over the float4s: no block is started and drained for a few elements only.
// @tune BLOCK in [256, 512]
// @tune BLOCKS in [1056, 528, 2112]
// @launch saxpy <<<min(BLOCKS, ceil_div(n, 4 * BLOCK)), BLOCK>>> (x, y, alpha, n)
extern "C" __global__ void __launch_bounds__(BLOCK)
saxpy(const float* __restrict__ x, float* __restrict__ y, float alpha, int n)
{
    const int quads = n / 4;
    const int stride = gridDim.x * BLOCK;
    const int thread = blockIdx.x * BLOCK + threadIdx.x;
    const float4* x4 = reinterpret_cast<const float4*>(x);
    float4* y4 = reinterpret_cast<float4*>(y);
    // Two quads a turn: both pairs of loads are on their way before the first store.
    int i = thread;
    for (; i + stride < quads; i += 2 * stride) {
        const float4 p0 = x4[i], p1 = x4[i + stride];
        const float4 q0 = y4[i], q1 = y4[i + stride];
        y4[i] = make_float4(q0.x + alpha * p0.x, q0.y + alpha * p0.y, q0.z + alpha * p0.z, q0.w + alpha * p0.w);
        y4[i + stride] =
            make_float4(q1.x + alpha * p1.x, q1.y + alpha * p1.y, q1.z + alpha * p1.z, q1.w + alpha * p1.w);
    }
    if (i < quads) {
        const float4 p = x4[i];
        const float4 q = y4[i];
        y4[i] = make_float4(q.x + alpha * p.x, q.y + alpha * p.y, q.z + alpha * p.z, q.w + alpha * p.w);
    }
    const int rest = 4 * quads + thread;
    if (rest < n)
        y[rest] += alpha * x[rest];
}
