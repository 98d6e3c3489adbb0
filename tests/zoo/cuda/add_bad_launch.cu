// zoo: task=cuda/vector_add expect=annotation_error
// @launch k <<<ceil_div(n, 256)>>> (a, b, c, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {}
