// zoo: task=cuda/reduce_sum expect=divergent_barrier
// @launch k <<<1, 64>>> (x, total, n)
extern "C" __global__ void k(const float* x, float* total, int n) {
    __shared__ float s;
    if (threadIdx.x == 0) {
        float sum = 0.0f;
        for (int i = 0; i < n; i++) sum += x[i];
        s = sum;
        __syncthreads();
    }
    if (threadIdx.x == 0) total[0] = s;
}
