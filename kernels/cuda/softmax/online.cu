// @operation softmax
// @method    online
// @summary   A block a row: maximum and sum in one sweep, the sum corrected whenever the maximum grows; a second sweep writes.
// @tune BLOCK in [256, 128, 512, 1024]
// @launch softmax <<<rows, BLOCK>>> (x, y, cols)
constexpr int WARPS = BLOCK / 32;

template <int WIDTH> struct alignas(4 * WIDTH) Pack {
    float value[WIDTH];
};

// The sum of exp(v - largest) over values whose maximum is `largest`. Without values: -FLT_MAX (not -infinity, whose
// difference from itself is no number) and 0.
struct Partial {
    float largest, sum;
};

__device__ Partial merge(Partial a, Partial b)
{
    const float largest = fmaxf(a.largest, b.largest);
    return {largest, a.sum * __expf(a.largest - largest) + b.sum * __expf(b.largest - largest)};
}

__device__ Partial warp_merge(Partial p)
{
    for (int offset = 16; offset > 0; offset /= 2) {
        const float largest = __shfl_xor_sync(0xffffffff, p.largest, offset);
        const float sum = __shfl_xor_sync(0xffffffff, p.sum, offset);
        p = merge(p, {largest, sum});
    }
    return p;
}

template <int WIDTH> __device__ void softmax_row(const float* __restrict__ x, float* __restrict__ y, int cols)
{
    __shared__ Partial partials[WARPS];
    const Pack<WIDTH>* in = reinterpret_cast<const Pack<WIDTH>*>(x);
    Pack<WIDTH>* out = reinterpret_cast<Pack<WIDTH>*>(y);
    const int packs = cols / WIDTH;
    const int lane = threadIdx.x % 32;

    Partial row = {-FLT_MAX, 0};
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        const Pack<WIDTH> v = in[p];
        float largest = row.largest;
        for (int i = 0; i < WIDTH; ++i)
            largest = fmaxf(largest, v.value[i]);
        float sum = row.sum * __expf(row.largest - largest);
        for (int i = 0; i < WIDTH; ++i)
            sum += __expf(v.value[i] - largest);
        row = {largest, sum};
    }
    row = warp_merge(row);
    if (lane == 0)
        partials[threadIdx.x / 32] = row;
    __syncthreads();
    row = warp_merge(lane < WARPS ? partials[lane] : Partial{-FLT_MAX, 0});

    const float scale = 1 / row.sum;
    #pragma unroll 4
    for (int p = threadIdx.x; p < packs; p += BLOCK) {
        Pack<WIDTH> v = in[p];
        for (int i = 0; i < WIDTH; ++i)
            v.value[i] = __expf(v.value[i] - row.largest) * scale;
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
