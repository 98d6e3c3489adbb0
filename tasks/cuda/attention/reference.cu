// All scores (one thread each), their softmax (one thread a row), the weighted sums of v (one thread each).
// @scratch weight f32 [heads, seq, seq]
// @launch scores <<<(ceil_div(seq, 16), ceil_div(seq, 16), heads), (16, 16)>>> (q, k, weight, seq, dim)
// @launch normalise <<<ceil_div(heads * seq, 32), 32>>> (weight, heads * seq, seq)
// @launch weighted_sums <<<(ceil_div(dim, 16), ceil_div(seq, 16), heads), (16, 16)>>> (weight, v, out, seq, dim)
extern "C" __global__ void scores(const float* q, const float* k, float* weight, int seq, int dim) {
    int key = blockIdx.x * blockDim.x + threadIdx.x;
    int query = blockIdx.y * blockDim.y + threadIdx.y;
    int head = blockIdx.z;
    if (query >= seq || key >= seq)
        return;
    float sum = 0.0f;
    for (int i = 0; i < dim; i++)
        sum += q[(head * seq + query) * dim + i] * k[(head * seq + key) * dim + i];
    weight[(head * seq + query) * seq + key] = sum / sqrtf((float)dim);
}

extern "C" __global__ void normalise(float* weight, int rows, int seq) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows)
        return;
    weight += row * seq;
    float largest = -INFINITY;
    for (int key = 0; key < seq; key++)
        largest = fmaxf(largest, weight[key]);
    float sum = 0.0f;
    for (int key = 0; key < seq; key++)
        sum += expf(weight[key] - largest);
    for (int key = 0; key < seq; key++)
        weight[key] = expf(weight[key] - largest) / sum;
}

extern "C" __global__ void weighted_sums(const float* weight, const float* v, float* out, int seq, int dim) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int query = blockIdx.y * blockDim.y + threadIdx.y;
    int head = blockIdx.z;
    if (query >= seq || i >= dim)
        return;
    float sum = 0.0f;
    for (int key = 0; key < seq; key++)
        sum += weight[(head * seq + query) * seq + key] * v[(head * seq + key) * dim + i];
    out[(head * seq + query) * dim + i] = sum;
}
