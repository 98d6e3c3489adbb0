// @operation softmax
// @method    block-reduce
// @summary   A block a row, in float4s where the row length allows: maximum, sum and result in three sweeps, of which the last two hit the cache.
// @tune BLOCK in [256, 128, 512, 1024]
// @launch softmax <<<rows, BLOCK>>> (x, y, cols)
constexpr int WARPS = BLOCK / 32;

template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

__device__ float warp_max(float v)
{
    for (int offset = 16; offset > 0; offset /= 2)
        v = fmaxf(v, __shfl_xor_sync(0xffffffff, v, offset));
    return v;
}

__device__ float warp_sum(float v)
{
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_xor_sync(0xffffffff, v, offset);
    return v;
}

template <int WIDTH> __device__ void softmax_row(const float* __restrict__ x, float* __restrict__ y, int cols)
{
    __shared__ float warp_largest[WARPS];
    __shared__ float warp_totals[WARPS];
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;
    const int warp = threadIdx.x / 32;
    const int lane = threadIdx.x % 32;

    float largest = -FLT_MAX;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            largest = fmaxf(largest, v.value[i]);
    }
    largest = warp_max(largest);
    if (lane == 0)
        warp_largest[warp] = largest;
    __syncthreads();
    largest = warp_max(warp_largest[lane % WARPS]);

    float sum = 0;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            sum += __expf(v.value[i] - largest);
    }
    sum = warp_sum(sum);
    if (lane == 0)
        warp_totals[warp] = sum;
    __syncthreads();
    const float scale = 1 / warp_sum(lane < WARPS ? warp_totals[lane] : 0);

    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] = __expf(v.value[i] - largest) * scale;
        out[p] = v;
    }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
softmax(const float* __restrict__ x, float* __restrict__ y, int cols)
{
    const size_t start = (size_t)blockIdx.x * cols;
    if (cols % 4 == 0)
        softmax_row<4>(x + start, y + start, cols);
    else
        softmax_row<1>(x + start, y + start, cols);
}
