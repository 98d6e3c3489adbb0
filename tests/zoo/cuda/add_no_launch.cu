// zoo: task=cuda/vector_add expect=annotation_error
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {}
