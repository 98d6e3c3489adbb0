// @operation gelu-bias
// @method    vectorise
// @summary   One float4 a thread where the row length allows, no division of the index, and the hyperbolic tangent as one fast exponential and one fast division.
// @tune BLOCK in [256, 128, 512]
// @launch gelu_bias <<<(ceil_div(cols, 4 * BLOCK), rows), BLOCK>>> (x, bias, y, cols)

// v / 2 * (1 + tanh(z)) = v / (1 + exp(-2 z))
__device__ float gelu(float v)
{
    const float z = 0.7978845608f * (v + 0.044715f * v * v * v);
    return __fdividef(v, 1 + __expf(-2 * z));
}

extern "C" __global__ void __launch_bounds__(BLOCK)
gelu_bias(const float* __restrict__ x, const float* __restrict__ bias, float* __restrict__ y, int cols)
{
    const size_t row = (size_t)blockIdx.y * cols;
    const int col = 4 * BLOCK * blockIdx.x;
    if (cols % 4 == 0) {
        const int c = col + 4 * threadIdx.x;
        if (c >= cols)
            return;
        const float4 v = *reinterpret_cast<const float4*>(x + row + c);
        const float4 b = *reinterpret_cast<const float4*>(bias + c);
        *reinterpret_cast<float4*>(y + row + c) =
            make_float4(gelu(v.x + b.x), gelu(v.y + b.y), gelu(v.z + b.z), gelu(v.w + b.w));
    } else {
        for (int c = col + threadIdx.x; c < min(col + 4 * BLOCK, cols); c += BLOCK)
            y[row + c] = gelu(x[row + c] + bias[c]);
    }
}
