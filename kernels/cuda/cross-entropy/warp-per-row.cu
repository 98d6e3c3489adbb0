// @operation cross-entropy
// @method    warp-shuffle
// @summary   One warp a row, maximum and sum by shuffles without a barrier; one block adds the row losses.
// @tune BLOCK in [128, 256, 512]
// @scratch row_loss f32 [rows]
// @launch row_losses <<<ceil_div(rows, BLOCK / 32), BLOCK>>> (logits, labels, row_loss, rows, cols)
// @launch mean <<<1, 1024>>> (row_loss, loss, rows)
__device__ __forceinline__ float warp_sum(float v) {
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_xor_sync(0xffffffff, v, offset);
    return v;
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    row_losses(const float* __restrict__ logits, const int* __restrict__ labels, float* __restrict__ row_loss,
               int rows, int cols) {
    int lane = threadIdx.x % 32;
    int row = blockIdx.x * (BLOCK / 32) + threadIdx.x / 32;
    if (row >= rows)
        return;
    logits += (size_t)row * cols;
    float largest = -INFINITY;
    for (int col = lane; col < cols; col += 32)
        largest = fmaxf(largest, logits[col]);
    for (int offset = 16; offset > 0; offset /= 2)
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, offset));
    float sum = 0.0f;
    for (int col = lane; col < cols; col += 32)
        sum += expf(logits[col] - largest);
    sum = warp_sum(sum);
    if (lane == 0)
        row_loss[row] = largest + logf(sum) - logits[labels[row]];
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
