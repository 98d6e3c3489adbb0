// zoo: task=cuda/reduce_sum expect=launch_error|annotation_error
// @launch k <<<1, 32, 400000>>> (x, total, n)
extern "C" __global__ void k(const float* x, float* total, int n) {
    extern __shared__ float s[];
    if (threadIdx.x == 0) { s[0] = 0.0f; for (int i = 0; i < n; i++) s[0] += x[i]; total[0] = s[0]; }
}
