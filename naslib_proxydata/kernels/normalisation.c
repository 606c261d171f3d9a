/* Normalisation by the statistics of a batch, of maps as matrices (rows, channels). Memory is
 * passed once for the statistics and once for what follows from them: CHUNK rows at a time, which
 * stay in a cache, all channels of which are gone through. */
#include "kernels.h"

#include <math.h>

#define CHUNK 64
#define EPSILON 1e-5f

/* Mean of each column, and one over its standard deviation; squares are summed up about the mean
 * of their chunk, and chunks put together by Chan's formula. */
void statistics(const float *x, long rows, long columns, float *mean, float *scale)
{
    for (long first = 0; first < rows; first += CHUNK) {
        long count = rows - first < CHUNK ? rows - first : CHUNK;
        float share = (float)count / (float)(first + count);
        for (long c = 0; c < columns; c += LANES) {
            long rest = columns - c;
            const float *from = x + first * columns + c;
            vector sum = {0}, square = {0};
            for (long r = 0; r < count; r++)
                sum += load_up_to(from + r * columns, rest);
            vector middle = sum / (float)count;
            for (long r = 0; r < count; r++) {
                vector off = load_up_to(from + r * columns, rest) - middle;
                square += off * off;
            }
            if (first) {
                vector before = load_up_to(mean + c, rest), off = middle - before;
                middle = before + share * off;
                square += load_up_to(scale + c, rest) + off * off * ((float)first * share);
            }
            store_up_to(mean + c, middle, rest);
            store_up_to(scale + c, square, rest);
        }
    }
    for (long c = 0; c < columns; c++)
        scale[c] = 1 / sqrtf(scale[c] / (float)rows + EPSILON);
}

/* y = or += (x - mean) scale weight + bias, or its positive part; weight and bias may be absent. */
void normalise(const float *x, const float *mean, const float *scale, const float *weight,
               const float *bias, float *y, long rows, long columns, int rectify, int add)
{
    for (long r = 0; r < rows; r++, x += columns, y += columns)
        for (long c = 0; c < columns; c += LANES) {
            long rest = columns - c;
            vector value = load_up_to(x + c, rest) - load_up_to(mean + c, rest);
            value *= load_up_to(scale + c, rest);
            if (weight)
                value = value * load_up_to(weight + c, rest) + load_up_to(bias + c, rest);
            if (rectify)
                value = where(value, value);
            if (add)
                value += load_up_to(y + c, rest);
            store_up_to(y + c, value, rest);
        }
}

/* Gradient of x from that of y, of which only what is above zero counts if y is given; and, per
 * column, the sums of the gradient and of its product with the normalised x, which are the
 * gradients of bias and weight. */
void normalise_gradient(const float *upstream, const float *x, const float *y, const float *mean,
                        const float *scale, const float *weight, float *gradient, float *sums,
                        float *products, long rows, long columns)
{
    for (long first = 0; first < rows; first += CHUNK) {
        long count = rows - first < CHUNK ? rows - first : CHUNK;
        for (long c = 0; c < columns; c += LANES) {
            long rest = columns - c;
            vector middle = load_up_to(mean + c, rest), sum = {0}, product = {0};
            for (long i = first * columns + c; i < (first + count) * columns; i += columns) {
                vector value = load_up_to(upstream + i, rest);
                if (y)
                    value = where(load_up_to(y + i, rest), value);
                sum += value;
                product += value * (load_up_to(x + i, rest) - middle);
            }
            if (first) {
                sum += load_up_to(sums + c, rest);
                product += load_up_to(products + c, rest);
            }
            store_up_to(sums + c, sum, rest);
            store_up_to(products + c, product, rest);
        }
    }
    for (long c = 0; c < columns; c++)
        products[c] *= scale[c];
    for (long r = 0; r < rows; r++, upstream += columns, x += columns, gradient += columns) {
        for (long c = 0; c < columns; c += LANES) {
            long rest = columns - c;
            vector by = load_up_to(scale + c, rest);
            vector off = (load_up_to(x + c, rest) - load_up_to(mean + c, rest)) * by;
            vector value = load_up_to(upstream + c, rest);
            if (y)
                value = where(load_up_to(y + c, rest), value);
            value -= (load_up_to(sums + c, rest) + off * load_up_to(products + c, rest)) / (float)rows;
            store_up_to(gradient + c, by * (weight ? value * load_up_to(weight + c, rest) : value),
                       rest);
        }
        y += y ? columns : 0;
    }
}
