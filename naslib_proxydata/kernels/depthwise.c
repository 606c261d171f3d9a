/* Convolutions of every channel by a kernel x kernel filter of its own.
 *
 * A map goes through a vector of channels at a time. Those are copied to a plane of their own:
 * there pixels lie side by side, zeros are around, and the rest of the channels is no special case.
 * Weights are (channels, kernel, kernel), maps of any size and number of channels. */
#include "kernels.h"

#define MOST 7   /* the largest kernel */
#define GROUP 8  /* pixels whose sums are in registers at a time */
#define CHUNK 64 /* pixels; sums over many are sums of sums over so many, for precision */

/* Which row, or column, a tap reads for one of the result: of an output, or of the gradient by
 * the features from that of the output. It is (place stride + tap dilation + shift) / share, and
 * none where that is no whole number. */
typedef struct {
    long stride, dilation, shift, share;
} reach;

/* Taps that read something for places start, start + share, start + 2 share...: for the first of
 * them at `place`, which may lie outside, and so on in steps of the stride. */
typedef struct {
    long count, tap[MOST], place[MOST];
} taps;

/* A vector of channels of a map. The columns of a row are dealt to `stride` lines, for what a tap
 * reads to be neighbours, each with `margin` zeros in front, and behind it as many as are read. */
typedef struct {
    long height, width, stride, margin, length;
    float *values;
} plane;

static long floored(long number, long by) { return (number - (number % by + by) % by) / by; }
static long groups(long count) { return (count + GROUP - 1) / GROUP * GROUP; }

static taps reading(reach by, long kernel, long start)
{
    taps found = {0};
    for (long tap = 0; tap < kernel; tap++) {
        long place = start * by.stride + tap * by.dilation + by.shift;
        if (place % by.share)
            continue;
        found.tap[found.count] = tap;
        found.place[found.count++] = place / by.share;
    }
    return found;
}

/* The plane of a map with height and width, read for results so many columns wide. */
static plane plane_of(long height, long width, long results, reach by, long kernel, float *values)
{
    long end = by.shift + (kernel - 1) * by.dilation, steps = by.stride * by.share;
    long low = smaller(end, by.shift), high = larger(end, by.shift) + by.share - 1;
    plane made = {height, width, by.stride, larger(0, -floored(low, steps)), 0, values};
    long read = groups((results + by.share - 1) / by.share) + larger(0, floored(high, steps));
    made.length = made.margin + larger(read, groups((width + by.stride - 1) / by.stride));
    return made;
}

static long size(const plane *of) { return of->height * of->stride * of->length * LANES; }

/* Where a column stands in a row of a plane. */
static long column(const plane *of, long place)
{
    long along = floored(place, of->stride);
    return ((place - along * of->stride) * of->length + of->margin + along) * LANES;
}

static const float *row(const plane *of, long place)
{
    return of->values + place * of->stride * of->length * LANES;
}

/* How many floats of a vector of channels are in use. */
static long held(long channels) { return smaller(channels, LANES); }

/* Copy channels of a map, or their positive part, into a plane whose zeros are there. */
static void fill(const plane *to, const float *x, long channels, int rectify)
{
    long further = to->stride * channels, count = held(channels);
    for (long v = 0; v < to->height; v++, x += to->width * channels)
        for (long first = 0; first < to->stride; first++) {
            float *line = (float *)row(to, v) + column(to, first);
            const float *from = x + first * channels, *end = x + to->width * channels;
            if (count == LANES)
                for (; from < end; from += further, line += LANES)
                    store(line, rectify ? positive(load(from)) : load(from));
            else
                for (; from < end; from += further, line += LANES)
                    for (long i = 0; i < count; i++)
                        line[i] = rectify && from[i] <= 0 ? 0 : from[i];
        }
}

INLINE void store_masked(float *to, const float *mask, vector value)
{
    store(to, mask ? where(load(mask), value) : value);
}

/* Store a group where a row ends within it, or where there are less channels than lanes. */
static __attribute__((noinline)) void store_some(float *to, const float *mask, vector *values,
                                                 long distance, long pixels, long count)
{
    for (long p = 0; p < pixels; p++, to += distance, mask += mask ? distance : 0)
        if (count == LANES)
            store_masked(to, mask, values[p]);
        else
            for (long i = 0; i < count; i++)
                to[i] = mask && !(mask[i] > 0) ? 0 : values[p][i];
}

/* y at rows top, top + share, ... and columns left, left + share, ..., which the same taps read:
 * sums of weights times what they read of a plane; zero where there is a mask not above zero. */
INLINE void correlate_some(const plane *x, reach by, const float *weights, long kernel, float *y,
                           map size, const float *mask, long top, long left, const taps *rows,
                           const taps *columns, const int across)
{
    long places[MOST], line = x->stride * x->length * LANES, distance = by.share * size.channels;
    long next = across > 1 ? (columns->tap[1] - columns->tap[0]) * LANES : 0;
    for (int i = 0; i < across; i++)
        places[i] = column(x, columns->place[i]);
    weights += columns->tap[0] * LANES;
    for (long v = top, down = 0; v < size.height; v += by.share, down += by.stride) {
        const float *from[MOST], *weight[MOST];
        int lines = 0;
        for (long i = 0; i < rows->count; i++) {
            long place = rows->place[i] + down;
            if (place < 0 || place >= x->height)
                continue;
            from[lines] = x->values + place * line;
            weight[lines++] = weights + rows->tap[i] * kernel * LANES;
        }
        long to = (v * size.width + left) * size.channels;
        long pixels = (size.width - left + by.share - 1) / by.share;
        for (long h = 0; h < pixels; h += GROUP, to += GROUP * distance) {
            vector sums[GROUP];
#pragma GCC unroll 8
            for (int p = 0; p < GROUP; p++)
                sums[p] = (vector){0};
            for (int i = 0; i < lines; i++)
#pragma GCC unroll 7
                for (int j = 0; j < across; j++) {
                    const float *at = from[i] + places[j] + h * LANES;
                    __asm__("" : "+r"(at)); /* one address for the group, not one for each */
                    vector by_weight = load(weight[i] + j * next);
#pragma GCC unroll 8
                    for (int p = 0; p < GROUP; p++)
                        sums[p] += by_weight * load(at + p * LANES);
                }
            if (pixels - h >= GROUP && size.channels >= LANES) {
#pragma GCC unroll 8
                for (int p = 0; p < GROUP; p++)
                    store_masked(y + to + p * distance, mask ? mask + to + p * distance : 0,
                                 sums[p]);
            } else {
                vector rest[GROUP]; /* for the sums to stay in registers */
#pragma GCC unroll 8
                for (int p = 0; p < GROUP; p++)
                    rest[p] = sums[p];
                store_some(y + to, mask ? mask + to : 0, rest, distance,
                           smaller(pixels - h, GROUP), held(size.channels));
            }
        }
    }
}

/* All of y. */
static void correlate(const plane *x, reach by, const float *weights, long kernel, float *y,
                      map size, const float *mask)
{
    for (long top = 0; top < by.share; top++)
        for (long left = 0; left < by.share; left++) {
            taps rows = reading(by, kernel, top), columns = reading(by, kernel, left);
#define SOME(across) \
    correlate_some(x, by, weights, kernel, y, size, mask, top, left, &rows, &columns, across)
            if (columns.count == 3)
                SOME(3);
            else if (columns.count == 5)
                SOME(5);
            else if (columns.count == 7)
                SOME(7);
            else
                SOME(columns.count);
#undef SOME
        }
}

/* Add to the totals, for each tap, the products of upstream and what the tap reads for it. The
 * sums of `beside` columns are apart, for there to be enough of them to keep a processor busy. */
INLINE void add_products(const plane *x, const plane *upstream, reach by, float *totals,
                         const int kernel, const int beside)
{
    taps rows = reading(by, kernel, 0), columns = reading(by, kernel, 0);
    long step = (CHUNK + upstream->width - 1) / upstream->width, start = column(upstream, 0);
    for (int i = 0; i < kernel; i++)
        columns.place[i] = column(x, columns.place[i]);
    for (long first = 0; first < upstream->height; first += step)
        for (int i = 0; i < kernel; i++) {
            vector sums[4 * MOST] = {{0}};
            for (long v = first; v < first + step && v < upstream->height; v++) {
                long place = rows.place[i] + v * by.stride;
                if (place < 0 || place >= x->height)
                    continue;
                const float *line = row(x, place), *up = row(upstream, v) + start;
                for (long h = 0; h < upstream->width * LANES; h += beside * LANES)
#pragma GCC unroll 4
                    for (int b = 0; b < beside; b++) {
                        vector value = load(up + h + b * LANES);
#pragma GCC unroll 7
                        for (int j = 0; j < kernel; j++)
                            sums[b * kernel + j] +=
                                value * load(line + columns.place[j] + h + b * LANES);
                    }
            }
            for (int j = 0; j < kernel; j++) {
                float *total = totals + (i * kernel + j) * LANES;
                for (int b = 0; b < beside; b++)
                    store(total, load(total) + sums[b * kernel + j]);
            }
        }
}

/* The last vector of channels ends with them: it shares some with the one before. */
static long beginning(long i, long channels)
{
    return i + LANES > channels ? larger(0, channels - LANES) : i;
}

static long vectors(long channels) { return (channels + LANES - 1) / LANES; }

/* Copy weights to (vectors of channels, taps, LANES), or back. */
static void deal(float *weight, float *dealt, long channels, long area, int back)
{
    long count = held(channels);
    for (long c = 0; c < channels; c += LANES, dealt += area * LANES)
        for (long i = 0; i < count; i++) {
            float *from = weight + (beginning(c, channels) + i) * area;
            for (long tap = 0; tap < area; tap++)
                if (back)
                    from[tap] = dealt[tap * LANES + i];
                else
                    dealt[tap * LANES + i] = from[tap];
        }
}

static void clear(float *values, long count)
{
    for (long i = 0; i < count; i++)
        values[i] = 0;
}

static long outputs(long size, reach by, long kernel)
{
    return (size - 2 * by.shift - by.dilation * (kernel - 1) - 1) / by.stride + 1;
}

/* Floats of workspace that the functions below need. */
long depthwise_workspace(long height, long width, long channels, long kernel, long stride,
                         long padding, long dilation)
{
    reach by = {stride, dilation, -padding, 1}, back = {1, -dilation, padding, stride};
    long tall = outputs(height, by, kernel), wide = outputs(width, by, kernel);
    plane inputs = plane_of(height, width, wide, by, kernel, 0);
    plane upstream = plane_of(tall, wide, width, back, kernel, 0);
    return 2 * vectors(channels) * kernel * kernel * LANES + size(&inputs) + size(&upstream);
}

/* The convolution of x, or of its positive part. */
void depthwise(const float *x, const float *weight, float *y, long n, long height, long width,
               long channels, long kernel, long stride, long padding, long dilation, int rectify,
               float *work)
{
    reach by = {stride, dilation, -padding, 1};
    map out = {n, outputs(height, by, kernel), outputs(width, by, kernel), channels};
    long area = kernel * kernel;
    plane inputs = plane_of(height, width, out.width, by, kernel,
                            work + vectors(channels) * area * LANES);
    deal((float *)weight, work, channels, area, 0);
    clear(inputs.values, size(&inputs));
    for (long i = 0; i < n; i++)
        for (long c = 0; c < channels; c += LANES) {
            long first = beginning(c, channels);
            fill(&inputs, x + i * height * width * channels + first, channels, rectify);
            correlate(&inputs, by, work + c * area, kernel,
                      y + i * out.height * out.width * channels + first, out, 0);
        }
}

/* Gradients of depthwise() by its features and its weight; each may be absent. */
void depthwise_gradients(const float *x, const float *weight, const float *y, float *by_x,
                         float *by_weight, long n, long height, long width, long channels,
                         long kernel, long stride, long padding, long dilation, int rectify,
                         float *work)
{
    reach by = {stride, dilation, -padding, 1}, back = {1, -dilation, padding, stride};
    map in = {n, height, width, channels};
    map out = {n, outputs(height, by, kernel), outputs(width, by, kernel), channels};
    long area = kernel * kernel, dealt = vectors(channels) * area * LANES;
    float *totals = work + dealt;
    plane inputs = plane_of(height, width, out.width, by, kernel, totals + dealt);
    plane upstream = plane_of(out.height, out.width, width, back, kernel,
                              inputs.values + size(&inputs));
    deal((float *)weight, work, channels, area, 0);
    clear(totals, dealt + size(&inputs) + size(&upstream));
    for (long i = 0; i < n; i++)
        for (long c = 0; c < channels; c += LANES) {
            long first = beginning(c, channels), here = i * height * width * channels + first;
            fill(&upstream, y + i * out.height * out.width * channels + first, channels, 0);
            if (by_x)
                correlate(&upstream, back, work + c * area, kernel, by_x + here, in,
                          rectify ? x + here : 0);
            if (!by_weight)
                continue;
            fill(&inputs, x + here, channels, rectify);
            if (kernel == 3)
                add_products(&inputs, &upstream, by, totals + c * area, 3, 4);
            else if (kernel == 5)
                add_products(&inputs, &upstream, by, totals + c * area, 5, 2);
            else
                add_products(&inputs, &upstream, by, totals + c * area, 7, 2);
        }
    if (by_weight)
        deal(by_weight, totals, channels, area, 1);
}
