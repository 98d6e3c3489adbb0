// zoo: task=cuda/vector_add expect=timeout|out_of_memory|compile_error
// @launch k <<<n, 1>>> (a, b, c, n)
template <int N> struct F { static const int v = F<N - 1>::v + F<N - 2>::v + F<N-3>::v; };
template <int N> __device__ float g(float x) { return g<N + 1>(x * 1.1f) + g<N + 2>(x); }
extern "C" __global__ void k(const float* a, const float* b, float* c, int n) { c[blockIdx.x] = g<0>(a[blockIdx.x]); }
