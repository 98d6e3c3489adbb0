// zoo: task=cuda/reduce_sum expect=data_race|nondeterministic
// @launch zero <<<1, 1>>> (total)
// @launch k <<<ceil_div(n, 256), 256>>> (x, total, n)
extern "C" __global__ void zero(float* total) { total[0] = 0.0f; }
extern "C" __global__ void k(const float* x, float* total, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) total[0] += x[i];
}
