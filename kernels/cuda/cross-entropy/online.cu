// @operation cross-entropy
// @method    online
// @summary   One block a row reads it once: each thread keeps a running maximum and a sum rescaled when the maximum grows.
// @tune BLOCK in [256, 128, 512]
// @scratch row_loss f32 [rows]
// @launch row_losses <<<rows, BLOCK>>> (logits, labels, row_loss, cols)
// @launch mean <<<1, 1024>>> (row_loss, loss, rows)

// The sum of exp(v - largest) over some elements v. `largest` begins finite: -INFINITY - -INFINITY is not a number.
struct Partial {
    float largest, sum;
};

__device__ __forceinline__ Partial merge(Partial p, Partial q) {
    float largest = fmaxf(p.largest, q.largest);
    return {largest, p.sum * expf(p.largest - largest) + q.sum * expf(q.largest - largest)};
}

__device__ __forceinline__ Partial merge_warp(Partial p) {
    for (int offset = 16; offset > 0; offset /= 2) {
        Partial q = {__shfl_xor_sync(0xffffffff, p.largest, offset), __shfl_xor_sync(0xffffffff, p.sum, offset)};
        p = merge(p, q);
    }
    return p;
}

__device__ __forceinline__ float warp_sum(float v) {
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_xor_sync(0xffffffff, v, offset);
    return v;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    row_losses(const float* __restrict__ logits, const int* __restrict__ labels, float* __restrict__ row_loss,
               int cols) {
    __shared__ Partial partials[32];
    logits += (size_t)blockIdx.x * cols;
    Partial p = {-FLT_MAX, 0.0f};
    int vectors = cols % 4 == 0 ? cols / 4 : 0;
#pragma unroll 4
    for (int i = threadIdx.x; i < vectors; i += BLOCK) {
        float4 v = ((const float4*)logits)[i];
        float largest = fmaxf(p.largest, fmaxf(fmaxf(v.x, v.y), fmaxf(v.z, v.w)));
        p.sum = p.sum * expf(p.largest - largest) + expf(v.x - largest) + expf(v.y - largest) +
                expf(v.z - largest) + expf(v.w - largest);
        p.largest = largest;
    }
    for (int col = 4 * vectors + threadIdx.x; col < cols; col += BLOCK)
        p = merge(p, {logits[col], 1.0f});
    p = merge_warp(p);
    if (threadIdx.x % 32 == 0)
        partials[threadIdx.x / 32] = p;
    __syncthreads();
    if (threadIdx.x < 32) {
        p = threadIdx.x < BLOCK / 32 ? partials[threadIdx.x] : Partial{-FLT_MAX, 0.0f};
        p = merge_warp(p);
        if (threadIdx.x == 0)
            row_loss[blockIdx.x] = p.largest + logf(p.sum) - logits[labels[blockIdx.x]];
    }
}

extern "C" __global__ void __launch_bounds__(1024) mean(const float* __restrict__ row_loss, float* loss, int rows) {
    __shared__ float sums[32];
    float sum = 0.0f;
    for (int row = threadIdx.x; row < rows; row += 1024)
        sum += row_loss[row];
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0)
        sums[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x < 32) {
        sum = warp_sum(sums[threadIdx.x]);
        if (threadIdx.x == 0)
            loss[0] = sum / rows;
    }
}
