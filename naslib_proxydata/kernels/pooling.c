/* Average and maximum pooling of maps of any size and number of channels. What lies outside of the
 * map is left out: it is neither averaged nor the maximum. */
#include "kernels.h"

#include <string.h>

#define MOST 16 /* lines of a window: its taps are told by a byte */

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
    span found = {larger(start, 0), smaller(end, size)};
    return found;
}

/* Which of so many outputs read `place`. */
INLINE span reading(window by, long place, long outputs)
{
    long above = place + by.padding - by.kernel, end = (place + by.padding) / by.stride + 1;
    span found = {above < 0 ? 0 : above / by.stride + 1, smaller(end, outputs)};
    return found;
}

/* One over how many of so many places each output reads. */
static void shares_of(window by, long outputs, long size, float *shares)
{
    for (long i = 0; i < outputs; i++) {
        span read = read_by(by, i, size);
        shares[i] = 1 / (float)(read.last - read.first);
    }
}

/* Floats of workspace that the functions below need. */
long pooling_workspace(long width, long channels, long to_height, long to_width, long kernel)
{
    return to_height + to_width + 2 * kernel * larger(width, to_width) * channels;
}

/* y = the sum of some lines of x times the share of each: share[0], share[step], ... */
INLINE void sum_some(const float *x, span lines, const float *share, long step, long size, float *y,
                     const int count)
{
    x += lines.first * size;
    for (long i = 0; i < size; i += LANES) {
        vector sum = {0};
#pragma GCC unroll 3
        for (int r = 0; r < count; r++)
            sum += load_up_to(x + r * size + i, size - i) * share[r * step];
        store_up_to(y + i, sum, size - i);
    }
}

static void sum_lines(const float *x, span lines, const float *share, long step, long size, float *y)
{
    long count = lines.last - lines.first;
    if (count == 3)
        sum_some(x, lines, share, step, size, y, 3);
    else if (count == 2)
        sum_some(x, lines, share, step, size, y, 2);
    else
        sum_some(x, lines, share, step, size, y, (int)count);
}

/* y = means of x: of the rows that are read, then of their columns. */
void average(const float *x, float *y, long n, long height, long width, long channels,
             long to_height, long to_width, long kernel, long stride, long padding, float *work)
{
    window by = {kernel, stride, padding};
    float *down = work, *across = down + to_height, *line = across + to_width;
    shares_of(by, to_height, height, down);
    shares_of(by, to_width, width, across);
    for (long image = 0; image < n; image++, x += height * width * channels)
        for (long v = 0; v < to_height; v++) {
            sum_lines(x, read_by(by, v, height), down + v, 0, width * channels, line);
            for (long h = 0; h < to_width; h++, y += channels)
                sum_lines(line, read_by(by, h, width), across + h, 0, channels, y);
        }
}

/* The gradient of x from that of y. */
void average_gradient(const float *y, float *x, long n, long height, long width, long channels,
                      long to_height, long to_width, long kernel, long stride, long padding,
                      float *work)
{
    window by = {kernel, stride, padding};
    float *down = work, *across = down + to_height, *line = across + to_width;
    shares_of(by, to_height, height, down);
    shares_of(by, to_width, width, across);
    for (long image = 0; image < n; image++, y += to_height * to_width * channels)
        for (long v = 0; v < height; v++) {
            span rows = reading(by, v, to_height);
            sum_lines(y, rows, down + rows.first, 1, to_width * channels, line);
            for (long h = 0; h < width; h++, x += channels) {
                span columns = reading(by, h, to_width);
                sum_lines(line, columns, across + columns.first, 1, channels, x);
            }
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

/* Take a value and its tap where it is greater; as in torch, what is no number is above all others. */
INLINE void take_greater(vector *most, integers *tap, vector value, integers other)
{
    integers above = (integers)(value > *most) | (integers)(value != value);
    *most = (vector)(((integers)value & above) | ((integers)*most & ~above));
    *tap = (other & above) | (*tap & ~above);
}

/* Maxima of a row over the columns that each output reads, and the first column of its window to have
 * it. */
static void row_maxima(const float *x, window by, long width, long channels, long to_width,
                       float *most, int *tap)
{
    for (long h = 0; h < to_width; h++, most += channels, tap += channels) {
        span read = read_by(by, h, width);
        const float *from = x + read.first * channels;
        int first = (int)(read.first - h * by.stride + by.padding);
        for (long c = 0; c < channels; c += LANES) {
            long rest = channels - c;
            vector value = load_up_to(from + c, rest);
            integers which = (integers){0} + first;
            for (long i = 1; i < read.last - read.first; i++)
                take_greater(&value, &which, load_up_to(from + i * channels + c, rest),
                             (integers){0} + (first + (int)i));
            store_up_to(most + c, value, rest);
            store_up_to((float *)tap + c, (vector)which, rest);
        }
    }
}

/* y = maxima of x, and which tap of the window has each: the first, if there are several. Rows first:
 * the maxima of those that an output reads are kept until it is done. */
void maximum(const float *x, float *y, unsigned char *which, long n, long height, long width,
             long channels, long to_height, long to_width, long kernel, long stride, long padding,
             float *work)
{
    window by = {kernel, stride, padding};
    long size = to_width * channels;
    for (long image = 0; image < n; image++, x += height * width * channels)
        for (long v = 0, done = 0; v < to_height; v++, y += size, which += size) {
            span read = read_by(by, v, height);
            for (; done < read.last; done++) {
                float *most = work + done % kernel * 2 * size;
                row_maxima(x + done * width * channels, by, width, channels, to_width, most,
                           (int *)most + size);
            }
            const float *rows[MOST];
            long count = read.last - read.first;
            int first = (int)((read.first - v * stride + padding) * kernel);
            for (long i = 0; i < count; i++)
                rows[i] = work + (read.first + i) % kernel * 2 * size;
            for (long i = 0; i < size; i += LANES) {
                long rest = size - i;
                vector most = load_up_to(rows[0] + i, rest);
                integers tap = (integers)load_up_to(rows[0] + size + i, rest) + first;
                for (long r = 1; r < count; r++)
                    take_greater(&most, &tap, load_up_to(rows[r] + i, rest),
                                 (integers)load_up_to(rows[r] + size + i, rest) +
                                     (first + (int)(r * kernel)));
                store_up_to(y + i, most, rest);
                store_bytes(which + i, __builtin_convertvector(tap, bytes), rest);
            }
        }
}

/* The gradient of x from that of y. */
void maximum_gradient(const float *y, const unsigned char *which, float *x, long n, long height,
                      long width, long channels, long to_height, long to_width, long kernel,
                      long stride, long padding)
{
    long places[MOST * MOST];
    for (long tap = 0; tap < kernel * kernel; tap++)
        places[tap] = (tap / kernel * width + tap % kernel) * channels;
    memset(x, 0, n * height * width * channels * sizeof *x);
    for (long image = 0; image < n; image++)
        for (long v = 0; v < to_height; v++)
            for (long h = 0; h < to_width; h++, y += channels, which += channels) {
                long row = image * height + v * stride - padding, column = h * stride - padding;
                float *corner = x + (row * width + column) * channels;
                for (long c = 0; c < channels; c++)
                    corner[places[which[c]] + c] += y[c];
            }
}
