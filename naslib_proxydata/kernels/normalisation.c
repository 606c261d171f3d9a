/* Normalisation by the statistics of a batch, of maps as matrices (rows, channels). Memory is
 * passed once for the statistics and once for what follows from them. Sums are over CHUNK rows at
 * a time, which stay in a cache, all channels of which are gone through; what is written goes row
 * by row, by a few numbers a channel that are worked out before, for PART channels at a time. */
#include "kernels.h"

#include <math.h>

#define CHUNK 64
#define PART 1024
#define EPSILON 1e-5f

/* STRIP(count) for each vector of channels: for full ones with a constant, then for the rest. */
#define STRIPS(columns, STRIP)                                                                     \
    {                                                                                              \
        long c = 0;                                                                                \
        for (; c + LANES <= (columns); c += LANES)                                                 \
            STRIP(LANES)                                                                           \
        if (c < (columns))                                                                         \
            STRIP((columns)-c)                                                                     \
    }

INLINE void strip_statistics(const float *x, long rows, long columns, long first, float *mean,
                             float *squares, long count)
{
    float share = (float)rows / (float)(first + rows);
    vector sum = {0}, square = {0};
    for (long r = 0; r < rows; r++)
        sum += load_up_to(x + r * columns, count);
    vector middle = sum / (float)rows;
    for (long r = 0; r < rows; r++) {
        vector off = load_up_to(x + r * columns, count) - middle;
        square += off * off;
    }
    if (first) {
        vector before = load_up_to(mean, count), off = middle - before;
        middle = before + share * off;
        square += load_up_to(squares, count) + off * off * ((float)first * share);
    }
    store_up_to(mean, middle, count);
    store_up_to(squares, square, count);
}

/* Take rows into the mean of each column, and into the sum of squares about it, of so many rows
 * before them; squares are summed up about the mean of their chunk, and chunks put together by
 * Chan's formula. */
void add_statistics(const float *x, long rows, long columns, long before, float *mean,
                    float *squares)
{
    for (long first = 0; first < rows; first += CHUNK) {
        long count = smaller(rows - first, CHUNK);
#define STRIP(width)                                                                               \
    strip_statistics(x + first * columns + c, count, columns, before + first, mean + c,            \
                     squares + c, width);
        STRIPS(columns, STRIP)
#undef STRIP
    }
}

/* One over the standard deviation from such sums. */
void finish_statistics(long rows, long columns, float *squares)
{
    for (long c = 0; c < columns; c++)
        squares[c] = 1 / sqrtf(squares[c] / (float)rows + EPSILON);
}

/* Mean of each column, and one over its standard deviation. */
void statistics(const float *x, long rows, long columns, float *mean, float *scale)
{
    add_statistics(x, rows, columns, 0, mean, scale);
    finish_statistics(rows, columns, scale);
}

/* By what a value less its mean is multiplied, and what is added; weight and bias may be absent. */
static void line_of(const float *scale, const float *weight, const float *bias, long count,
                    float *slope, float *start)
{
    for (long c = 0; c < count; c++) {
        slope[c] = weight ? scale[c] * weight[c] : scale[c];
        start[c] = bias ? bias[c] : 0;
    }
}

/* Channels of a row, normalised. */
INLINE void row_normalised(const float *x, const float *mean, const float *slope,
                           const float *start, float *y, long columns, const int rectify,
                           const int add)
{
#define STRIP(width)                                                                               \
    {                                                                                              \
        vector value = load_up_to(x + c, width) - load_up_to(mean + c, width);                     \
        value = value * load_up_to(slope + c, width) + load_up_to(start + c, width);               \
        if (rectify)                                                                               \
            value = positive(value);                                                           \
        if (add)                                                                                   \
            value += load_up_to(y + c, width);                                                     \
        store_up_to(y + c, value, width);                                                          \
    }
    STRIPS(columns, STRIP)
#undef STRIP
}

/* y = or += (x - mean) scale weight + bias, or its positive part; weight and bias may be absent. */
void normalise(const float *x, const float *mean, const float *scale, const float *weight,
               const float *bias, float *y, long rows, long columns, int rectify, int add)
{
    float slope[PART], start[PART];
    for (long part = 0; part < columns; part += PART) {
        long count = smaller(columns - part, PART);
        line_of(scale + part, weight ? weight + part : 0, bias ? bias + part : 0, count, slope,
                start);
        for (long i = part; i < rows * columns; i += columns)
            if (add)
                row_normalised(x + i, mean + part, slope, start, y + i, count, rectify, 1);
            else if (rectify)
                row_normalised(x + i, mean + part, slope, start, y + i, count, 1, 0);
            else
                row_normalised(x + i, mean + part, slope, start, y + i, count, 0, 0);
    }
}

/* Add up a gradient and its product with what is normalised: only where the outputs, by slope and
 * start, are above zero if they are rectified. */
INLINE void strip_sums(const float *upstream, const float *x, long rows, long columns, long first,
                       const float *mean, const float *slope, const float *start, int rectify,
                       float *sums, float *products, long count)
{
    vector middle = load_up_to(mean, count), sum = {0}, product = {0};
    vector by = load_up_to(slope, count), from = load_up_to(start, count);
    for (long i = 0; i < rows * columns; i += columns) {
        vector value = load_up_to(upstream + i, count), off = load_up_to(x + i, count) - middle;
        if (rectify)
            value = where(off * by + from, value);
        sum += value;
        product += value * off;
    }
    if (first) {
        sum += load_up_to(sums, count);
        product += load_up_to(products, count);
    }
    store_up_to(sums, sum, count);
    store_up_to(products, product, count);
}

/* Channels of a row of the gradient. */
INLINE void row_gradient(const float *upstream, const float *x, const float *mean,
                         const float *slope, const float *start, const float *level,
                         const float *tilt, float *gradient, long columns, const int rectify)
{
#define STRIP(width)                                                                               \
    {                                                                                              \
        vector off = load_up_to(x + c, width) - load_up_to(mean + c, width);                       \
        vector value = load_up_to(upstream + c, width), by = load_up_to(slope + c, width);         \
        if (rectify)                                                                               \
            value = where(off * by + load_up_to(start + c, width), value);                         \
        value = value * by + off * load_up_to(tilt + c, width) + load_up_to(level + c, width);     \
        store_up_to(gradient + c, value, width);                                                   \
    }
    STRIPS(columns, STRIP)
#undef STRIP
}

/* Gradient of x from that of normalise()'s y; and, per column, the sums of the gradient and of its
 * product with the normalised x, which are the gradients of bias and weight. */
void normalise_gradient(const float *upstream, const float *x, const float *mean,
                        const float *scale, const float *weight, const float *bias, int rectify,
                        float *gradient, float *sums, float *products, long rows, long columns)
{
    float slope[PART], start[PART], level[PART], tilt[PART];
    for (long part = 0; part < columns; part += PART) {
        long width_of_part = smaller(columns - part, PART);
        line_of(scale + part, weight ? weight + part : 0, bias ? bias + part : 0, width_of_part,
                slope, start);
        for (long first = 0; first < rows; first += CHUNK) {
            long count = smaller(rows - first, CHUNK);
            const float *up = upstream + first * columns + part, *from = x + first * columns + part;
#define STRIP(width)                                                                               \
    strip_sums(up + c, from + c, count, columns, first, mean + part + c, slope + c, start + c,     \
               rectify, sums + part + c, products + part + c, width);
            STRIPS(width_of_part, STRIP)
#undef STRIP
        }
        for (long c = 0; c < width_of_part; c++) {
            products[part + c] *= scale[part + c];
            level[c] = -slope[c] * sums[part + c] / (float)rows;
            tilt[c] = -slope[c] * scale[part + c] * products[part + c] / (float)rows;
        }
        for (long i = part; i < rows * columns; i += columns)
            if (rectify)
                row_gradient(upstream + i, x + i, mean + part, slope, start, level, tilt,
                             gradient + i, width_of_part, 1);
            else
                row_gradient(upstream + i, x + i, mean + part, slope, start, level, tilt,
                             gradient + i, width_of_part, 0);
    }
}

/* Add up, with c = PART channels at most, a cotangent `outer` of normalise_gradient()'s result, and its
 * products with the normalised x and with the gradient that led there. */
INLINE void strip_sums_twice(const float *outer, const float *upstream, const float *x, long rows,
                             long columns, const float *mean, const float *scale, float *sums,
                             float *products, float *both, long count)
{
    vector middle = load_up_to(mean, count), by = load_up_to(scale, count);
    vector sum = {0}, product = {0}, two = {0};
    for (long i = 0; i < rows * columns; i += columns) {
        vector value = load_up_to(outer + i, count);
        sum += value;
        product += value * ((load_up_to(x + i, count) - middle) * by);
        two += value * load_up_to(upstream + i, count);
    }
    store_up_to(sums, load_up_to(sums, count) + sum, count);
    store_up_to(products, load_up_to(products, count) + product, count);
    store_up_to(both, load_up_to(both, count) + two, count);
}

/* Gradients by upstream and by x of the sum of outer times normalise_gradient()'s result. With y the
 * normalised x, s the scale, g the upstream gradient, v = outer, w the weight, and means over rows
 * A of g, B of g y, C of v, D of v y, E of v g:
 *     by upstream: w s (v - C - D y)
 *     by x:       -w s^2 (y (E - A C - 3 B D) + D (g - A) + B (v - C))
 * Given are the sums over rows of which A and B are the means. */
void normalise_twice(const float *outer, const float *upstream, const float *x, const float *mean,
                     const float *scale, const float *weight, const float *sums,
                     const float *products, float *by_upstream, float *by_x, long rows,
                     long columns)
{
    float share = 1 / (float)rows;
    for (long part = 0; part < columns; part += PART) {
        long channels = smaller(columns - part, PART);
        float C[PART] = {0}, D[PART] = {0}, E[PART] = {0};
        for (long first = 0; first < rows; first += CHUNK) {
            long count = smaller(rows - first, CHUNK), at = first * columns + part;
#define STRIP(width)                                                                               \
    strip_sums_twice(outer + at + c, upstream + at + c, x + at + c, count, columns,                \
                     mean + part + c, scale + part + c, C + c, D + c, E + c, width);
            STRIPS(channels, STRIP)
#undef STRIP
        }
        float A[PART], B[PART], slope[PART], tilt[PART];
        for (long c = 0; c < channels; c++) {
            A[c] = sums[part + c] * share, B[c] = products[part + c] * share;
            C[c] *= share, D[c] *= share, E[c] *= share;
            slope[c] = scale[part + c] * (weight ? weight[part + c] : 1);
            tilt[c] = E[c] - A[c] * C[c] - 3 * B[c] * D[c];
        }
        for (long i = part; i < rows * columns; i += columns) {
#define STRIP(width)                                                                               \
    {                                                                                              \
        vector by = load_up_to(scale + part + c, width), up = load_up_to(slope + c, width);        \
        vector y = (load_up_to(x + i + c, width) - load_up_to(mean + part + c, width)) * by;       \
        vector v = load_up_to(outer + i + c, width) - load_up_to(C + c, width);                    \
        vector g = load_up_to(upstream + i + c, width) - load_up_to(A + c, width);                 \
        vector d = load_up_to(D + c, width);                                                       \
        store_up_to(by_upstream + i + c, up * (v - d * y), width);                                 \
        store_up_to(by_x + i + c,                                                                  \
                    -up * by * (y * load_up_to(tilt + c, width) + d * g +                          \
                                load_up_to(B + c, width) * v),                                     \
                    width);                                                                        \
    }
            STRIPS(channels, STRIP)
#undef STRIP
        }
    }
}
