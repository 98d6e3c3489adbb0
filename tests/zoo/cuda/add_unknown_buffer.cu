// zoo: task=cuda/vector_add expect=annotation_error
// @launch k <<<n, 1>>> (a, b, d, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {}
