/* Convolutions of small maps, where many taps of a kernel lie outside, a place of the outputs at a time:
 * what all images have there are the columns of a matrix, and weights are read as they lie. */
#include "kernels.h"

#include <string.h>

#define CHUNK 64 /* outputs whose weights are read at a time, each from another line */

/* Floats of workspace that the functions below need. */
long places_workspace(long n, long pixels, long inputs, long places, long outputs)
{
    return whole(n) * (pixels * inputs + places * outputs);
}

/* Where a tap reads for the outputs at a place; negative, if outside of the map. */
static long read_at(map from, map to, form by, long place, long tap)
{
    long row = place / to.width * by.stride - by.padding + tap / by.kernel * by.dilation;
    long column = place % to.width * by.stride - by.padding + tap % by.kernel * by.dilation;
    int inside = row >= 0 && row < from.height && column >= 0 && column < from.width;
    return inside ? row * from.width + column : -1;
}

/* Where line `line` of the panel of images from c on begins, in the matrix (channels, images) of a place. */
INLINE float *panel_at(const float *matrices, long place, long channels, long columns, long c, long line)
{
    return (float *)matrices + (place * columns + c) * channels + line * width_of(c, columns);
}

/* A matrix (channels, images) in panels for each pixel of a map, or of its positive part. */
static void turn_images(const float *x, map m, int rectify, float *turned)
{
    long columns = whole(m.n), pixels = m.height * m.width, distance = pixels * m.channels;
    for (long pixel = 0; pixel < pixels; pixel++, x += m.channels, turned += m.channels * columns)
        for (long i = 0; i < columns; i += LANES)
            for (long c = 0; c < m.channels; c += LANES) {
                vector square[LANES];
                for (long r = 0; r < LANES; r++) {
                    vector value = {0};
                    if (i + r < m.n)
                        value = load(x + (i + r) * distance + c);
                    square[r] = rectify ? positive(value) : value;
                }
                turn_over(square);
                for (long r = 0; r < LANES; r++)
                    store(turned + in_panels(c + r, i, m.channels, columns), square[r]);
            }
}

/* The map of such matrices: where a mask, if there is one, is above zero. */
static void turn_back(const float *turned, map m, const float *mask, float *x)
{
    long columns = whole(m.n), pixels = m.height * m.width, distance = pixels * m.channels;
    for (long pixel = 0; pixel < pixels; pixel++, turned += m.channels * columns)
        for (long i = 0; i < columns; i += LANES)
            for (long c = 0; c < m.channels; c += LANES) {
                vector square[LANES];
                for (long r = 0; r < LANES; r++)
                    square[r] = load(turned + in_panels(c + r, i, m.channels, columns));
                turn_over(square);
                for (long r = 0; r < LANES && i + r < m.n; r++) {
                    long at = (i + r) * distance + pixel * m.channels + c;
                    store(x + at, mask ? where(load(mask + at), square[r]) : square[r]);
                }
            }
}

/* Floats of work are set to zero, and returned. */
static float *cleared(float *work, long size) { return memset(work, 0, size * sizeof *work); }

/* What dense() does. Channels are whole(). */
void dense_places(const float *x, const float *weight, float *y, long n, long height, long width,
                  long inputs, long to_height, long to_width, long outputs, long kernel, long stride,
                  long padding, long dilation, int rectify, float *moments, float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long columns = whole(n), places = to_height * to_width, taps = kernel * kernel;
    float *read = work, *made = cleared(read + height * width * inputs * columns,
                                        places * outputs * columns);
    turn_images(x, from, rectify, read);
    for (long o = 0; o < outputs; o += ROWS)
        for (long tap = 0; tap < taps; tap++)
            for (long place = 0; place < places; place++) {
                long pixel = read_at(from, to, by, place, tap);
                if (pixel < 0)
                    continue;
                for (long c = 0; c < columns; c += PANEL) {
                    long count = width_of(c, columns);
                    panel_product(weight + (o * taps + tap) * inputs, taps * inputs, 1,
                                  panel_at(read, pixel, inputs, columns, c, 0),
                                  panel_at(made, place, outputs, columns, c, o), count,
                                  smaller(outputs - o, ROWS), inputs, count, 1);
                }
            }
    turn_back(made, to, 0, y);
    if (moments) {
        add_statistics(y, n * places, outputs, 0, moments, moments + outputs);
        finish_statistics(n * places, outputs, moments + outputs);
    }
}

/* What dense_by_features() does. */
void dense_places_by_features(const float *x, const float *weight, const float *y, float *by_x, long n,
                              long height, long width, long inputs, long to_height, long to_width,
                              long outputs, long kernel, long stride, long padding, long dilation,
                              int rectify, float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long columns = whole(n), places = to_height * to_width, taps = kernel * kernel;
    float *upstream = work, *made = cleared(upstream + places * outputs * columns,
                                            height * width * inputs * columns);
    turn_images(y, to, 0, upstream);
    for (long first = 0; first < outputs; first += CHUNK)
        for (long i = 0; i < inputs; i += ROWS)
            for (long tap = 0; tap < taps; tap++)
                for (long place = 0; place < places; place++) {
                    long pixel = read_at(from, to, by, place, tap);
                    if (pixel < 0)
                        continue;
                    for (long c = 0; c < columns; c += PANEL) {
                        long count = width_of(c, columns);
                        panel_product(weight + (first * taps + tap) * inputs + i, 1, taps * inputs,
                                      panel_at(upstream, place, outputs, columns, c, first),
                                      panel_at(made, pixel, inputs, columns, c, i), count,
                                      smaller(inputs - i, ROWS), smaller(outputs - first, CHUNK),
                                      count, 1);
                    }
                }
    turn_back(made, from, rectify ? x : 0, by_x);
}

/* What dense_by_weight() does. */
void dense_places_by_weight(const float *x, const float *y, float *weight, long n, long height,
                            long width, long inputs, long to_height, long to_width, long outputs,
                            long kernel, long stride, long padding, long dilation, int rectify,
                            float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long columns = whole(n), places = to_height * to_width, taps = kernel * kernel;
    long pixels = height * width;
    float *upstream = work, *read = upstream + places * outputs * columns;
    turn_images(y, to, 0, upstream);
    for (long pixel = 0; pixel < pixels; pixel++)
        for (long r = 0; r < n; r++)
            for (long c = 0; c < inputs; c += LANES) {
                vector value = load(x + (r * pixels + pixel) * inputs + c);
                store(read + pixel * n * inputs + in_panels(r, c, n, inputs),
                      rectify ? positive(value) : value);
            }
    for (long o = 0; o < outputs; o += ROWS) {
        long rows = smaller(outputs - o, ROWS);
        for (long tap = 0; tap < taps; tap++) {
            float *to_tap = weight + (o * taps + tap) * inputs;
            int add = 0;
            for (long place = 0; place < places; place++) {
                long pixel = read_at(from, to, by, place, tap);
                if (pixel < 0)
                    continue;
                for (long first = 0; first < n; first += PANEL, add = 1) {
                    long beside = width_of(first, columns);
                    const float *lines = panel_at(upstream, place, outputs, columns, first, o);
                    for (long c = 0; c < inputs; c += PANEL) {
                        long count = width_of(c, inputs);
                        panel_product(lines, beside, 1,
                                      read + pixel * n * inputs + c * n + first * count, to_tap + c,
                                      taps * inputs, rows, smaller(n - first, beside),
                                      count, add);
                    }
                }
            }
            for (long r = 0; r < rows && !add; r++)
                cleared(to_tap + r * taps * inputs, inputs);
        }
    }
}
