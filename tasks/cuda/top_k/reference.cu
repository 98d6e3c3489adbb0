// One thread per row: k times, the best element that comes after the one found last.
// @launch top_k <<<ceil_div(rows, 32), 32>>> (x, values, indices, rows, cols, k)
extern "C" __global__ void top_k(const float* x, float* values, int* indices, int rows, int cols, int k) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    x += row * cols;
    float last = INFINITY;
    int last_col = -1;
    for (int rank = 0; rank < k; rank++) {
        float best = -INFINITY;
        int best_col = -1;
        for (int col = 0; col < cols; col++) {
            bool after_last = x[col] < last || (x[col] == last && col > last_col);
            if (after_last && (best_col < 0 || x[col] > best)) {
                best = x[col];
                best_col = col;
            }
        }
        values[row * k + rank] = best;
        indices[row * k + rank] = best_col;
        last = best;
        last_col = best_col;
    }
}
