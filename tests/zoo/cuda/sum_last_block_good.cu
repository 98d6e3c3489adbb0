// zoo: task=cuda/reduce_sum expect=accepted
// @scratch part f32 [64]
// @scratch done i32 [1]
// @launch zero <<<1, 1>>> (done)
// @launch k <<<64, 128>>> (x, part, done, total, n)
extern "C" __global__ void zero(int* done) { done[0] = 0; }
extern "C" __global__ void k(const float* x, float* part, int* done, float* total, int n) {
    __shared__ float s[128];
    __shared__ bool last;
    float sum = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i];
    s[threadIdx.x] = sum;
    __syncthreads();
    for (int d = 64; d > 0; d >>= 1) {
        if (threadIdx.x < d) s[threadIdx.x] += s[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        part[blockIdx.x] = s[0];
        __threadfence();
        last = atomicAdd(done, 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) {
        float all = 0.0f;
        for (int i = 0; i < gridDim.x; i++) all += ((volatile float*)part)[i];
        total[0] = all;
    }
}
