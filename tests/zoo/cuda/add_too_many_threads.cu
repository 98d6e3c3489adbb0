// zoo: task=cuda/vector_add expect=annotation_error
// @launch k <<<1, 2048>>> (a, b, c, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {}
