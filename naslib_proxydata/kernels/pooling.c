/* Average and maximum pooling of maps of any size and number of channels. What lies outside of the
 * map is left out: it is neither averaged nor the maximum. */
#include "kernels.h"

#include <string.h>

#define MOST 256 /* taps of a window */

typedef unsigned char bytes __attribute__((vector_size(LANES), aligned(1), may_alias));

typedef struct {
    long kernel, stride, padding;
} window;

/* Places first to last - 1. */
typedef struct {
    long first, last;
} span;

/* Which of so many places the output at `place` reads. */
INLINE span read_by(window by, long place, long size)
{
    long start = place * by.stride - by.padding, end = start + by.kernel;
    span found = {start < 0 ? 0 : start, end > size ? size : end};
    return found;
}

/* Which of so many outputs read `place`. */
INLINE span reading(window by, long place, long outputs)
{
    long above = place + by.padding - by.kernel, end = (place + by.padding) / by.stride + 1;
    span found = {above < 0 ? 0 : above / by.stride + 1, end > outputs ? outputs : end};
    return found;
}

/* The places that are read for one result, in order: where each begins, and more about it. */
typedef struct {
    long count, at[MOST];
    float share[MOST];
    int tap[MOST];
} taps;

INLINE long pixel(map of, long image, long row, long column)
{
    return ((image * of.height + row) * of.width + column) * of.channels;
}

/* What the output at (v, h) reads, all in equal shares. */
static void inputs_of(taps *found, map from, window by, long image, long v, long h)
{
    span rows = read_by(by, v, from.height), columns = read_by(by, h, from.width);
    float share = 1 / (float)((rows.last - rows.first) * (columns.last - columns.first));
    found->count = 0;
    for (long r = rows.first; r < rows.last; r++)
        for (long s = columns.first; s < columns.last; s++) {
            long tap = (r - v * by.stride + by.padding) * by.kernel + s - h * by.stride + by.padding;
            found->at[found->count] = pixel(from, image, r, s);
            found->share[found->count] = share;
            found->tap[found->count++] = (int)tap;
        }
}

/* The outputs that read the input at (v, h), with what its share of each is. */
static void outputs_of(taps *found, map from, map to, window by, long image, long v, long h)
{
    span rows = reading(by, v, to.height), columns = reading(by, h, to.width);
    found->count = 0;
    for (long r = rows.first; r < rows.last; r++) {
        span over = read_by(by, r, from.height);
        for (long s = columns.first; s < columns.last; s++) {
            span across = read_by(by, s, from.width);
            long tap = (v - r * by.stride + by.padding) * by.kernel + h - s * by.stride + by.padding;
            found->at[found->count] = pixel(to, image, r, s);
            found->share[found->count] =
                1 / (float)((over.last - over.first) * (across.last - across.first));
            found->tap[found->count++] = (int)tap;
        }
    }
}

/* The sums, over what is read, of shares of it. */
INLINE void sum_shares(const float *x, const taps *read, float *y, long channels)
{
    for (long c = 0; c < channels; c += LANES) {
        vector sum = {0};
        if (channels - c >= LANES)
            for (long i = 0; i < read->count; i++)
                sum += load(x + read->at[i] + c) * read->share[i];
        else
            for (long i = 0; i < read->count; i++)
                sum += load_up_to(x + read->at[i] + c, channels - c) * read->share[i];
        store_up_to(y + c, sum, channels - c);
    }
}

/* y = means of x. */
void average(const float *x, float *y, long n, long height, long width, long channels,
             long to_height, long to_width, long kernel, long stride, long padding)
{
    map from = {n, height, width, channels};
    window by = {kernel, stride, padding};
    taps read;
    for (long image = 0; image < n; image++)
        for (long v = 0; v < to_height; v++)
            for (long h = 0; h < to_width; h++, y += channels) {
                inputs_of(&read, from, by, image, v, h);
                sum_shares(x, &read, y, channels);
            }
}

/* The gradient of x from that of y. */
void average_gradient(const float *y, float *x, long n, long height, long width, long channels,
                      long to_height, long to_width, long kernel, long stride, long padding)
{
    map from = {n, height, width, channels}, to = {n, to_height, to_width, channels};
    window by = {kernel, stride, padding};
    taps read;
    for (long image = 0; image < n; image++)
        for (long v = 0; v < height; v++)
            for (long h = 0; h < width; h++, x += channels) {
                outputs_of(&read, from, to, by, image, v, h);
                sum_shares(y, &read, x, channels);
            }
}

INLINE void store_bytes(unsigned char *to, bytes value, long count)
{
    if (count >= LANES)
        *(bytes *)to = value;
    else
        for (long i = 0; i < count; i++)
            to[i] = value[i];
}

/* y = maxima of x, and which tap of the window has each: the first, if there are several. As in
 * torch, what is no number is above all others. */
void maximum(const float *x, float *y, unsigned char *which, long n, long height, long width,
             long channels, long to_height, long to_width, long kernel, long stride, long padding)
{
    map from = {n, height, width, channels};
    window by = {kernel, stride, padding};
    taps read;
    for (long image = 0; image < n; image++)
        for (long v = 0; v < to_height; v++)
            for (long h = 0; h < to_width; h++, y += channels, which += channels) {
                inputs_of(&read, from, by, image, v, h);
                for (long c = 0; c < channels; c += LANES) {
                    long rest = channels - c;
                    vector most = load_up_to(x + read.at[0] + c, rest);
                    integers tap = (integers){0} + read.tap[0];
                    for (long i = 1; i < read.count; i++) {
                        vector value = load_up_to(x + read.at[i] + c, rest);
                        integers above = (integers)(value > most) | (integers)(value != value);
                        most = (vector)(((integers)value & above) | ((integers)most & ~above));
                        tap = (read.tap[i] & above) | (tap & ~above);
                    }
                    store_up_to(y + c, most, rest);
                    store_bytes(which + c, __builtin_convertvector(tap, bytes), rest);
                }
            }
}

/* The gradient of x from that of y. */
void maximum_gradient(const float *y, const unsigned char *which, float *x, long n, long height,
                      long width, long channels, long to_height, long to_width, long kernel,
                      long stride, long padding)
{
    map from = {n, height, width, channels};
    long places[MOST];
    for (long tap = 0; tap < kernel * kernel; tap++)
        places[tap] = (tap / kernel * width + tap % kernel) * channels;
    memset(x, 0, n * height * width * channels * sizeof *x);
    for (long image = 0; image < n; image++)
        for (long v = 0; v < to_height; v++)
            for (long h = 0; h < to_width; h++, y += channels, which += channels) {
                long corner = pixel(from, image, v * stride - padding, h * stride - padding);
                for (long c = 0; c < channels; c++)
                    x[corner + places[which[c]] + c] += y[c];
            }
}
