extern "C" __global__ void naive(const float* a, const float* b, float* c, int m, int n, int k) {
  int col = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
  if (row >= m || col >= n) return;
  float s = 0;
  for (int i = 0; i < k; i++) s += a[row * k + i] * b[i * n + col];
  c[row * n + col] = s;
}
extern "C" __global__ void tiled(const float* a, const float* b, float* c, int n) {
  __shared__ float as[16][16], bs[16][16];
  int x = threadIdx.x, y = threadIdx.y, col = blockIdx.x * 16 + x, row = blockIdx.y * 16 + y;
  float s = 0;
  for (int t = 0; t < n; t += 16) {
    as[y][x] = a[row * n + t + x]; bs[y][x] = b[(t + y) * n + col];
    __syncthreads();
    for (int i = 0; i < 16; i++) s += as[y][i] * bs[i][x];
    __syncthreads();
  }
  c[row * n + col] = s;
}
#define BM 128
#define BN 128
#define BK 8
extern "C" __global__ void __launch_bounds__(256) reg(const float* a, const float* b, float* c, int n) {
  __shared__ float as[BK][BM], bs[BK][BN];
  int t = threadIdx.x, tr = t / 16, tc = t % 16;
  float acc[8][8] = {};
  int ar = t / 2, ac = (t % 2) * 4, br = t / 32, bc = (t % 32) * 4;
  for (int k0 = 0; k0 < n; k0 += BK) {
    float4 v = *(const float4*)(a + (blockIdx.y * BM + ar) * n + k0 + ac);
    as[ac][ar] = v.x; as[ac+1][ar] = v.y; as[ac+2][ar] = v.z; as[ac+3][ar] = v.w;
    *(float4*)&bs[br][bc] = *(const float4*)(b + (k0 + br) * n + blockIdx.x * BN + bc);
    __syncthreads();
    #pragma unroll
    for (int k = 0; k < BK; k++) {
      float ra[8], rb[8];
      #pragma unroll
      for (int i = 0; i < 8; i++) { ra[i] = as[k][tr * 8 + i]; rb[i] = bs[k][tc * 8 + i]; }
      #pragma unroll
      for (int i = 0; i < 8; i++)
        #pragma unroll
        for (int j = 0; j < 8; j++) acc[i][j] += ra[i] * rb[j];
    }
    __syncthreads();
  }
  for (int i = 0; i < 8; i++) for (int j = 0; j < 8; j++) c[(blockIdx.y * BM + tr * 8 + i) * n + blockIdx.x * BN + tc * 8 + j] = acc[i][j];
}
