// zoo: task=cuda/vector_add expect=compile_error
// @launch other <<<n, 1>>> (a, b, c, n)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {}
