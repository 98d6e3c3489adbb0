// zoo: task=cuda/transpose expect=misaligned
// @launch k <<<rows, 1>>> (x, y, rows, cols)
extern "C" __global__ void k(const float* x, float* y, int rows, int cols) {
    int row = blockIdx.x;
    for (int c = 0; c + 3 < cols; c += 4) {
        float4 v = *(const float4*)(x + row * cols + c);
        y[c * rows + row] = v.x; y[(c + 1) * rows + row] = v.y; y[(c + 2) * rows + row] = v.z; y[(c + 3) * rows + row] = v.w;
    }
    for (int c = cols & ~3; c < cols; c++) y[c * rows + row] = x[row * cols + c];
}
