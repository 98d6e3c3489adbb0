// One planted mistake a kernel, and after each the same without it where that is not obvious.
extern "C" __global__ void past_the_end(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i + 1];
}
extern "C" __global__ void misaligned(const float* x, float* y, int n) {
    float2 v = *(const float2*)(x + 1);
    y[threadIdx.x] = v.x + v.y;
}
extern "C" __global__ void reads_uninitialised(const float* x, float* y, int n) {
    __shared__ float s[64];
    if (threadIdx.x < 32) s[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x];
}
extern "C" __global__ void writes_input(float* x, float* y, int n) {
    x[threadIdx.x] = 1.0f;
    y[threadIdx.x] = 1.0f;
}
extern "C" __global__ void no_barrier(const float* x, float* y, int n) {
    __shared__ float s[64];
    s[threadIdx.x] = x[threadIdx.x];
    y[threadIdx.x] = s[63 - threadIdx.x];
}
extern "C" __global__ void with_barrier(const float* x, float* y, int n) {
    __shared__ float s[64];
    s[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = s[63 - threadIdx.x];
}
extern "C" __global__ void global_race(const float* x, float* y, int n) {
    y[0] += x[blockIdx.x * blockDim.x + threadIdx.x];
    y[threadIdx.x] = 0.0f;
}
extern "C" __global__ void one_thread_each(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i];
}
extern "C" __global__ void divergent_barrier(const float* x, float* y, int n) {
    if (threadIdx.x < 16) __syncthreads();
    y[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void deadlock(const float* x, float* y, int n) {
    if (threadIdx.x < 32) asm volatile("bar.sync 1, 64;");
    else asm volatile("bar.sync 2, 64;");
    y[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void half_a_shuffle(const float* x, float* y, int n) {
    float v = x[threadIdx.x];
    if ((threadIdx.x & 31) < 16) v += __shfl_down_sync(0xffffffffu, v, 8);
    y[threadIdx.x] = v;
}
extern "C" __global__ void whole_shuffle(const float* x, float* y, int n) {
    float v = x[threadIdx.x];
    for (int d = 16; d > 0; d >>= 1) v += __shfl_xor_sync(0xffffffffu, v, d);
    y[threadIdx.x] = v;
}
extern "C" __global__ void copy_not_waited_for(const float* x, float* y, int n) {
    __shared__ __align__(16) float s[256];
    unsigned to = (unsigned)__cvta_generic_to_shared(s + 4 * threadIdx.x);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(to), "l"(x + 4 * threadIdx.x) : "memory");
    asm volatile("cp.async.commit_group;" ::: "memory");
    y[threadIdx.x] = s[4 * threadIdx.x];
}
extern "C" __global__ void copy_waited_for(const float* x, float* y, int n) {
    __shared__ __align__(16) float s[256];
    unsigned to = (unsigned)__cvta_generic_to_shared(s + 4 * threadIdx.x);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(to), "l"(x + 4 * threadIdx.x) : "memory");
    asm volatile("cp.async.commit_group;" ::: "memory");
    asm volatile("cp.async.wait_group 0;" ::: "memory");
    __syncthreads();
    y[threadIdx.x] = s[(4 * threadIdx.x + 4) % 256];
}
extern "C" __global__ void traps(const float* x, float* y, int n) {
    y[threadIdx.x] = x[threadIdx.x];
    if (threadIdx.x == 5) __trap();
}
extern "C" __global__ void never_ends(const float* x, float* y, int n) {
    volatile float* v = y;
    v[threadIdx.x] = x[threadIdx.x];
    while (v[threadIdx.x] != -1.0f) {}
}
extern "C" __global__ void lock_in_a_warp(const float* x, float* y, int* lock) {
    bool done = false;
    while (!done) {
        if (atomicCAS(lock, 0, 1) == 0) {
            *(volatile float*)y += x[threadIdx.x];
            __threadfence();
            atomicExch(lock, 0);
            done = true;
        }
    }
}
__device__ unsigned int arrived;
// The last block adds up what the others wrote: ordered by a fence and an atomic, no race.
extern "C" __global__ void last_block(const float* x, float* y, float* part) {
    __shared__ bool last;
    part[blockIdx.x * blockDim.x + threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(&arrived, 1u) == gridDim.x - 1;
    __syncthreads();
    if (last && threadIdx.x == 0) {
        float sum = 0.0f;
        for (int i = 0; i < gridDim.x * blockDim.x; i++) sum += part[i];
        y[0] = sum;
    }
}
// Block b waits for block b - 1: blocks have to take turns.
extern "C" __global__ void chain(const float* x, float* y, volatile int* flag) {
    if (threadIdx.x == 0) {
        if (blockIdx.x + 1 < gridDim.x) while (flag[blockIdx.x + 1] == 0) {}
        y[blockIdx.x] = x[blockIdx.x];
        __threadfence();
        flag[blockIdx.x] = 1;
    }
}
__device__ __noinline__ int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
extern "C" __global__ void recursion(int* y) {
    y[threadIdx.x] = fib(threadIdx.x % 10);
}
extern "C" __global__ void prints(int* y) {
    if (threadIdx.x == 3) printf("thread %d of %u: %.2f %s%%\n", threadIdx.x, blockDim.x, 1.5, "ok");
    y[threadIdx.x] = 0;
}
