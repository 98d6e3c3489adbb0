// zoo: task=cuda/reduce_sum expect=bad_shuffle
// @launch k <<<1, 32>>> (x, total, n)
extern "C" __global__ void k(const float* x, float* total, int n) {
    float sum = 0.0f;
    for (int i = threadIdx.x; i < n; i += 32) sum += x[i];
    if (threadIdx.x < 16) {
        for (int d = 16; d > 0; d >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, d);
    }
    if (threadIdx.x == 0) total[0] = sum;
}
