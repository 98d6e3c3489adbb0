// One thread per output element.
// @launch embedding <<<(ceil_div(dim, 256), tokens), 256>>> (ids, table, y, dim)
extern "C" __global__ void embedding(const int* ids, const float* table, float* y, int dim) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int token = blockIdx.y;
    if (i < dim)
        y[token * dim + i] = table[ids[token] * dim + i];
}
