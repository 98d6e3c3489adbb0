// @operation batched-matmul
// @method    read-only-cache
// @summary   A lane a column and ROWS rows of c: b is read along the lanes, a as 16-byte broadcasts; no barrier, no shared memory.
// @tune ROWS in [8, 4, 16]
// @tune WARPS in [4, 2]
// @launch batched_matmul <<<(batch, ceil_div(n, 32), ceil_div(n, WARPS * ROWS)), (32, WARPS)>>> (a, b, c, n)
extern "C" __global__ void __launch_bounds__(32 * WARPS)
    batched_matmul(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int n) {
    int first_row = (blockIdx.z * WARPS + threadIdx.y) * ROWS;
    int col = blockIdx.y * 32 + threadIdx.x;
    if (first_row >= n || col >= n)
        return;
    size_t matrix = (size_t)blockIdx.x * n * n;
    b += matrix + col;
    c += matrix + col;
    const float* row[ROWS];
    float sum[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        // Rows past the end repeat the last one; their sums are not stored.
        row[r] = a + matrix + min(first_row + r, n - 1) * n;
        sum[r] = 0.0f;
    }
    int vectors = n % 4 == 0 ? n / 4 : 0;
#pragma unroll 2
    for (int i = 0; i < vectors; i++) {
        float b0 = __ldg(b + 4 * i * n);
        float b1 = __ldg(b + (4 * i + 1) * n);
        float b2 = __ldg(b + (4 * i + 2) * n);
        float b3 = __ldg(b + (4 * i + 3) * n);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            float4 v = __ldg((const float4*)row[r] + i);
            sum[r] += v.x * b0 + v.y * b1 + v.z * b2 + v.w * b3;
        }
    }
    for (int k = 4 * vectors; k < n; k++) {
        float v = __ldg(b + k * n);
#pragma unroll
        for (int r = 0; r < ROWS; r++)
            sum[r] += __ldg(row[r] + k) * v;
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        if (first_row + r < n)
            c[(first_row + r) * n] = sum[r];
    }
}
