// zoo: task=cuda/reduce_sum expect=uninitialised_read
// @launch k <<<ceil_div(n, 256), 256>>> (x, total, n)
extern "C" __global__ void k(const float* x, float* total, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(total, x[i]);
}
