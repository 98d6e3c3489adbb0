// zoo: task=cuda/reduce_sum expect=data_race|uninitialised_read
// @launch k <<<1, 256>>> (x, total, n)
extern "C" __global__ void k(const float* x, float* total, int n) {
    __shared__ float s[256];
    float sum = 0.0f;
    for (int i = threadIdx.x; i < n; i += 256) sum += x[i];
    s[threadIdx.x] = sum;
    for (int d = 128; d > 0; d >>= 1) {
        if (threadIdx.x < d) s[threadIdx.x] += s[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) total[0] = s[0];
}
