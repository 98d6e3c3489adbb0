// One thread per element of c.
// @launch matmul_f16 <<<(ceil_div(n, 16), ceil_div(m, 16)), (16, 16)>>> (a, b, c, m, n, k)
#include <cuda_fp16.h>

extern "C" __global__ void matmul_f16(const __half* a, const __half* b, float* c, int m, int n, int k) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row >= m || col >= n)
        return;
    float sum = 0.0f;
    for (int i = 0; i < k; i++)
        sum += __half2float(a[row * k + i]) * __half2float(b[i * n + col]);
    c[row * n + col] = sum;
}
