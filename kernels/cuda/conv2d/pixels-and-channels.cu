// @operation conv2d
// @method    thread-coarsen
// @summary   One thread ROWS pixels below one another in OUTPUTS channels, all sums in registers; no shared memory, no barrier.
// @tune OUTPUTS in [8, 4]
// @tune ROWS in [4, 2]
// @tune BLOCK_HEIGHT in [2, 4]
// @launch conv2d <<<(ceil_div(width, 32) * ceil_div(height, ROWS * BLOCK_HEIGHT), ceil_div(cout, OUTPUTS), batch), (32, BLOCK_HEIGHT)>>> (x, w, y, cin, cout, height, width)
extern "C" __global__ void __launch_bounds__(32 * BLOCK_HEIGHT)
    conv2d(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ y, int cin, int cout,
           int height, int width) {
    int tiles_across = (width + 31) / 32;
    int col = blockIdx.x % tiles_across * 32 + threadIdx.x;
    int first_row = (blockIdx.x / tiles_across * BLOCK_HEIGHT + threadIdx.y) * ROWS;
    int first_output = blockIdx.y * OUTPUTS;
    if (col >= width || first_row >= height)
        return;
    x += (size_t)blockIdx.z * cin * height * width;
    float sum[OUTPUTS][ROWS] = {};

#pragma unroll 1
    for (int channel = 0; channel < cin; channel++) {
        float window[ROWS + 2][3];
#pragma unroll
        for (int r = 0; r < ROWS + 2; r++) {
            int row = first_row + r - 1;
            const float* p = x + ((size_t)channel * height + row) * width + col;
            bool inside = row >= 0 && row < height;
            window[r][0] = inside && col > 0 ? p[-1] : 0.0f;
            window[r][1] = inside ? p[0] : 0.0f;
            window[r][2] = inside && col + 1 < width ? p[1] : 0.0f;
        }
#pragma unroll
        for (int output = 0; output < OUTPUTS; output++) {
            // One address for the whole block: a broadcast from the cache. Channels past the end repeat the last.
            const float* weight = w + ((size_t)min(first_output + output, cout - 1) * cin + channel) * 9;
#pragma unroll
            for (int tap = 0; tap < 9; tap++) {
                float u = __ldg(weight + tap);
#pragma unroll
                for (int r = 0; r < ROWS; r++)
                    sum[output][r] += window[r + tap / 3][tap % 3] * u;
            }
        }
    }

#pragma unroll
    for (int output = 0; output < OUTPUTS; output++) {
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            if (first_output + output < cout && first_row + r < height)
                y[(((size_t)blockIdx.z * cout + first_output + output) * height + first_row + r) * width + col] =
                    sum[output][r];
        }
    }
}
