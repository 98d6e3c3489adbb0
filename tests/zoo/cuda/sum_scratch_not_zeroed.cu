// zoo: task=cuda/reduce_sum expect=uninitialised_read
// @scratch part f32 [32]
// @launch k <<<1, 32>>> (x, part, total, n)
extern "C" __global__ void k(const float* x, float* part, float* total, int n) {
    for (int i = threadIdx.x; i < n; i += 32) part[threadIdx.x] += x[i];
    __syncthreads();
    if (threadIdx.x == 0) { float all = 0.0f; for (int i = 0; i < 32; i++) all += part[i]; total[0] = all; }
}
