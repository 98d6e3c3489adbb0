// @operation gemv
// @method    vectorise
// @summary   One block a row: 16-byte loads, four sums a thread, so that many loads are in flight at once.
// @tune BLOCK in [256, 128, 512]
// @launch gemv <<<rows, BLOCK>>> (a, x, y, cols)
__device__ __forceinline__ float dot(float4 u, float4 v) {
    return u.x * v.x + u.y * v.y + u.z * v.z + u.w * v.w;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    gemv(const float* __restrict__ a, const float* __restrict__ x, float* __restrict__ y, int cols) {
    __shared__ float warp_sum[BLOCK / 32];
    a += (size_t)blockIdx.x * cols;
    float sum[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    // A row is 16-byte aligned only if the rows before it are whole vectors.
    int vectors = cols % 4 == 0 ? cols / 4 : 0;
    const float4* a4 = (const float4*)a;
    const float4* x4 = (const float4*)x;
    int i = threadIdx.x;
    for (; i + 3 * BLOCK < vectors; i += 4 * BLOCK) {
#pragma unroll
        for (int j = 0; j < 4; j++)
            sum[j] += dot(a4[i + j * BLOCK], x4[i + j * BLOCK]);
    }
    for (; i < vectors; i += BLOCK)
        sum[0] += dot(a4[i], x4[i]);
    for (int col = 4 * vectors + threadIdx.x; col < cols; col += BLOCK)
        sum[1] += a[col] * x[col];

    float total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (int offset = 16; offset > 0; offset /= 2)
        total += __shfl_xor_sync(0xffffffff, total, offset);
    if (threadIdx.x % 32 == 0)
        warp_sum[threadIdx.x / 32] = total;
    __syncthreads();
    if (threadIdx.x == 0) {
        total = 0.0f;
        for (int warp = 0; warp < BLOCK / 32; warp++)
            total += warp_sum[warp];
        y[blockIdx.x] = total;
    }
}
