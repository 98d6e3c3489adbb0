// zoo: task=cuda/reduce_sum expect=uninitialised_read
// @launch k <<<1, 32>>> (x, total, n)
extern "C" __global__ void k(const float* x, float* total, int n) {
    __shared__ float s[64];
    float sum = 0.0f;
    for (int i = threadIdx.x; i < n; i += 32) sum += x[i];
    s[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x == 0) { float all = 0.0f; for (int i = 0; i < 64; i++) all += s[i]; total[0] = all; }
}
