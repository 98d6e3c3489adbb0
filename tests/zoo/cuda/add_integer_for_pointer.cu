// zoo: task=cuda/vector_add expect=launch_error
// @launch k <<<n, 1>>> (a, b, c, b)
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) { c[blockIdx.x] = a[blockIdx.x] + b[blockIdx.x]; }
