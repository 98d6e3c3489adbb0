// zoo: task=cuda/vector_add expect=annotation_error
// @launch k <<<n / (n - n), 1>>> (a, b, c, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {}
