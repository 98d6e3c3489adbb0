// @operation conv2d
// @method    register-tile
// @summary   A matrix product w[cout, cin*9] * windows[cin*9, pixels] whose second operand is gathered from x tile by tile.
// @tune BM in [64, 32]
// @tune BN in [64, 128]
// @tune BK in [16, 8]
// @launch conv2d <<<(ceil_div(batch * height * width, BN), ceil_div(cout, BM)), BM * BN / 16>>> (x, w, y, batch, cin, cout, height, width)
constexpr int THREADS = BM * BN / 16;

extern "C" __global__ void __launch_bounds__(THREADS, 1)
    conv2d(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ y, int batch, int cin,
           int cout, int height, int width) {
    // w transposed, so that a thread's output channels are neighbours.
    __shared__ __align__(16) float w_tile[BK][BM + 4];
    __shared__ __align__(16) float x_tile[BK][BN];
    int k = cin * 9;
    int plane = height * width;
    int pixels = batch * plane;
    int first_output = blockIdx.y * BM;
    int first_pixel = blockIdx.x * BN;
    int output = threadIdx.x / (BN / 4) * 4;
    int pixel = threadIdx.x % (BN / 4) * 4;

    // A thread gathers for one pixel only (THREADS is a multiple of BN): its place is found once.
    int gather_pixel = first_pixel + threadIdx.x % BN;
    int image = gather_pixel / plane;
    int gather_row = gather_pixel % plane / width - 1;
    int gather_col = gather_pixel % width - 1;
    const float* image_x = x + (size_t)image * cin * plane;
    float sum[4][4] = {};

    for (int k0 = 0; k0 < k; k0 += BK) {
        for (int i = threadIdx.x; i < BM * BK; i += THREADS) {
            int o = first_output + i / BK;
            int kk = k0 + i % BK;
            w_tile[i % BK][i / BK] = o < cout && kk < k ? w[(size_t)o * k + kk] : 0.0f;
        }
#pragma unroll
        for (int i = threadIdx.x / BN; i < BK; i += THREADS / BN) {
            int channel = (k0 + i) / 9;
            int tap = (k0 + i) % 9;
            int row = gather_row + tap / 3;
            int col = gather_col + tap % 3;
            bool inside = channel < cin && image < batch && row >= 0 && row < height && col >= 0 && col < width;
            x_tile[i][threadIdx.x % BN] = inside ? image_x[(size_t)channel * plane + row * width + col] : 0.0f;
        }
        __syncthreads();
#pragma unroll 8
        for (int kk = 0; kk < BK; kk++) {
            float4 u4 = *(const float4*)&w_tile[kk][output];
            float4 v4 = *(const float4*)&x_tile[kk][pixel];
            float u[4] = {u4.x, u4.y, u4.z, u4.w};
            float v[4] = {v4.x, v4.y, v4.z, v4.w};
#pragma unroll
            for (int i = 0; i < 4; i++) {
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sum[i][j] += u[i] * v[j];
            }
        }
        __syncthreads();
    }

#pragma unroll
    for (int j = 0; j < 4; j++) {
        int out_pixel = first_pixel + pixel + j;
        if (out_pixel >= pixels)
            break;
        float* p = y + (size_t)(out_pixel / plane) * cout * plane + out_pixel % plane;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (first_output + output + i < cout)
                p[(size_t)(first_output + output + i) * plane] = sum[i][j];
        }
    }
}
