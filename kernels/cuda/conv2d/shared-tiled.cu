// @operation conv2d
// @method    shared-tile
// @summary   Input patches and weights of some channels in shared memory; a thread keeps one pixel of OUTPUTS channels.
// @tune OUTPUTS in [16, 8]
// @tune TILE_HEIGHT in [8, 4]
// @tune CHANNELS in [4, 2, 8]
// @launch conv2d <<<(ceil_div(width, 32) * ceil_div(height, TILE_HEIGHT), ceil_div(cout, OUTPUTS), batch), (32, TILE_HEIGHT)>>> (x, w, y, cin, cout, height, width)
constexpr int THREADS = 32 * TILE_HEIGHT;
constexpr int PATCH_HEIGHT = TILE_HEIGHT + 2;
constexpr int PATCH_WIDTH = 34;

extern "C" __global__ void __launch_bounds__(THREADS, 768 / THREADS)
    conv2d(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ y, int cin, int cout,
           int height, int width) {
    __shared__ float patch[CHANNELS][PATCH_HEIGHT][PATCH_WIDTH];
    // The output channel innermost: four weights for one input element are one 16-byte read.
    __shared__ __align__(16) float weights[CHANNELS][9][OUTPUTS];
    int thread = threadIdx.y * 32 + threadIdx.x;
    int tiles_across = (width + 31) / 32;
    int top = blockIdx.x / tiles_across * TILE_HEIGHT - 1;
    int left = blockIdx.x % tiles_across * 32 - 1;
    int first_output = blockIdx.y * OUTPUTS;
    x += (size_t)blockIdx.z * cin * height * width;
    float sum[OUTPUTS] = {};

    for (int c0 = 0; c0 < cin; c0 += CHANNELS) {
        for (int i = thread; i < CHANNELS * PATCH_HEIGHT * PATCH_WIDTH; i += THREADS) {
            int channel = i / (PATCH_HEIGHT * PATCH_WIDTH);
            int row = i / PATCH_WIDTH % PATCH_HEIGHT;
            int col = i % PATCH_WIDTH;
            int in_row = top + row;
            int in_col = left + col;
            bool inside = c0 + channel < cin && in_row >= 0 && in_row < height && in_col >= 0 && in_col < width;
            patch[channel][row][col] = inside ? x[((size_t)(c0 + channel) * height + in_row) * width + in_col] : 0.0f;
        }
        for (int i = thread; i < OUTPUTS * CHANNELS * 9; i += THREADS) {
            int output = i / (CHANNELS * 9);
            int channel = i / 9 % CHANNELS;
            int tap = i % 9;
            bool inside = first_output + output < cout && c0 + channel < cin;
            weights[channel][tap][output] =
                inside ? w[((size_t)(first_output + output) * cin + c0 + channel) * 9 + tap] : 0.0f;
        }
        __syncthreads();
#pragma unroll 1
        for (int channel = 0; channel < CHANNELS; channel++) {
#pragma unroll
            for (int tap = 0; tap < 9; tap++) {
                float v = patch[channel][threadIdx.y + tap / 3][threadIdx.x + tap % 3];
#pragma unroll
                for (int output = 0; output < OUTPUTS; output += 4) {
                    float4 u = *(const float4*)&weights[channel][tap][output];
                    sum[output] += v * u.x;
                    sum[output + 1] += v * u.y;
                    sum[output + 2] += v * u.z;
                    sum[output + 3] += v * u.w;
                }
            }
        }
        __syncthreads();
    }

    int row = top + 1 + threadIdx.y;
    int col = left + 1 + threadIdx.x;
    if (row >= height || col >= width)
        return;
#pragma unroll
    for (int output = 0; output < OUTPUTS; output++) {
        if (first_output + output < cout)
            y[(((size_t)blockIdx.z * cout + first_output + output) * height + row) * width + col] = sum[output];
    }
}
