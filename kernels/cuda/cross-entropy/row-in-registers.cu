// @operation cross-entropy
// @method    multi-element
// @summary   One block a row holds it in registers, so that maximum and sum need one read of memory and one expf an element.
// @tune BLOCK in [512, 256]
// @tune VECTORS in [4, 2, 8]
// @scratch row_loss f32 [rows]
// @launch row_losses <<<rows, BLOCK>>> (logits, labels, row_loss, cols)
// @launch mean <<<1, BLOCK>>> (row_loss, loss, rows)

// Threads hold up to VECTORS * 4 elements each; longer rows go on from memory (the cache, the second time).
constexpr int HELD = BLOCK * VECTORS * 4;

__device__ __forceinline__ float block_sum(float v, float* shared) {
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_xor_sync(0xffffffff, v, offset);
    __syncthreads();
    if (threadIdx.x % 32 == 0)
        shared[threadIdx.x / 32] = v;
    __syncthreads();
    v = 0.0f;
    for (int warp = 0; warp < BLOCK / 32; warp++)
        v += shared[warp];
    return v;
}

__device__ __forceinline__ float block_max(float v, float* shared) {
    for (int offset = 16; offset > 0; offset /= 2)
        v = fmaxf(v, __shfl_xor_sync(0xffffffff, v, offset));
    if (threadIdx.x % 32 == 0)
        shared[threadIdx.x / 32] = v;
    __syncthreads();
    for (int warp = 0; warp < BLOCK / 32; warp++)
        v = fmaxf(v, shared[warp]);
    return v;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    row_losses(const float* __restrict__ logits, const int* __restrict__ labels, float* __restrict__ row_loss,
               int cols) {
    __shared__ float shared[BLOCK / 32];
    logits += (size_t)blockIdx.x * cols;
    float held[VECTORS * 4];
    float largest = -INFINITY;
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        int col = (i * BLOCK + threadIdx.x) * 4;
        float4 v = make_float4(-INFINITY, -INFINITY, -INFINITY, -INFINITY);
        if (cols % 4 == 0 && col < cols) {
            v = *(const float4*)(logits + col);
        } else {
            v.x = col < cols ? logits[col] : v.x;
            v.y = col + 1 < cols ? logits[col + 1] : v.y;
            v.z = col + 2 < cols ? logits[col + 2] : v.z;
            v.w = col + 3 < cols ? logits[col + 3] : v.w;
        }
        held[4 * i] = v.x;
        held[4 * i + 1] = v.y;
        held[4 * i + 2] = v.z;
        held[4 * i + 3] = v.w;
        largest = fmaxf(largest, fmaxf(fmaxf(v.x, v.y), fmaxf(v.z, v.w)));
    }
    for (int col = HELD + threadIdx.x; col < cols; col += BLOCK)
        largest = fmaxf(largest, logits[col]);
    largest = block_max(largest, shared);

    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < VECTORS * 4; i++)
        sum += expf(held[i] - largest);
    for (int col = HELD + threadIdx.x; col < cols; col += BLOCK)
        sum += expf(logits[col] - largest);
    sum = block_sum(sum, shared);
    if (threadIdx.x == 0)
        row_loss[blockIdx.x] = largest + logf(sum) - logits[labels[blockIdx.x]];
}

extern "C" __global__ void __launch_bounds__(BLOCK) mean(const float* __restrict__ row_loss, float* loss, int rows) {
    __shared__ float shared[BLOCK / 32];
    float sum = 0.0f;
    for (int row = threadIdx.x; row < rows; row += BLOCK)
        sum += row_loss[row];
    sum = block_sum(sum, shared);
    if (threadIdx.x == 0)
        loss[0] = sum / rows;
}
