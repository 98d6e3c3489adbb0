// @operation saxpy
// @method    vectorise
// @summary   One float4 a thread, updated in place; the last, incomplete quad is updated element by element.
// @tune BLOCK in [256, 128, 512, 1024]
// @launch saxpy <<<ceil_div(n, 4 * BLOCK), BLOCK>>> (x, y, alpha, n)
extern "C" __global__ void __launch_bounds__(BLOCK)
saxpy(const float* __restrict__ x, float* __restrict__ y, float alpha, int n)
{
    const int first = 4 * (blockIdx.x * BLOCK + threadIdx.x);
    if (first + 4 <= n) {
        const float4 p = *reinterpret_cast<const float4*>(x + first);
        float4 q = *reinterpret_cast<float4*>(y + first);
        q.x += alpha * p.x;
        q.y += alpha * p.y;
        q.z += alpha * p.z;
        q.w += alpha * p.w;
        *reinterpret_cast<float4*>(y + first) = q;
    } else {
        for (int i = first; i < n; ++i)
            y[i] += alpha * x[i];
    }
}
