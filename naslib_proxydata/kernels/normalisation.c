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
            const float *from = x + first * columns + c;
            vector sum = {0}, square = {0};
            for (long r = 0; r < count; r++)
                sum += load(from + r * columns);
            vector middle = sum / (float)count;
            for (long r = 0; r < count; r++) {
                vector off = load(from + r * columns) - middle;
                square += off * off;
            }
            if (first) {
                vector before = load(mean + c), off = middle - before;
                middle = before + share * off;
                square += load(scale + c) + off * off * ((float)first * share);
            }
            store(mean + c, middle);
            store(scale + c, square);
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
            vector value = (load(x + c) - load(mean + c)) * load(scale + c);
            if (weight)
                value = value * load(weight + c) + load(bias + c);
            if (rectify)
                value = where(value, value);
            store(y + c, add ? load(y + c) + value : value);
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
            vector middle = load(mean + c), sum = {0}, product = {0};
            for (long i = first * columns + c; i < (first + count) * columns; i += columns) {
                vector value = load(upstream + i);
                if (y)
                    value = where(load(y + i), value);
                sum += value;
                product += value * (load(x + i) - middle);
            }
            store(sums + c, first ? load(sums + c) + sum : sum);
            store(products + c, first ? load(products + c) + product : product);
        }
    }
    for (long c = 0; c < columns; c += LANES)
        store(products + c, load(products + c) * load(scale + c));
    for (long r = 0; r < rows; r++, upstream += columns, x += columns, gradient += columns) {
        for (long c = 0; c < columns; c += LANES) {
            vector by = load(scale + c), off = (load(x + c) - load(mean + c)) * by;
            vector value = load(upstream + c);
            if (y)
                value = where(load(y + c), value);
            value -= (load(sums + c) + off * load(products + c)) / (float)rows;
            store(gradient + c, by * (weight ? value * load(weight + c) : value));
        }
        y += y ? columns : 0;
    }
}
