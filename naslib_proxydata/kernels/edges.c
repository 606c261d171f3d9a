/* Edges of a cell whose nodes are sums: each adds its operation's output to a node, and on the way
 * back its gradient to that of the node it reads. */
#include "kernels.h"

#define CHUNK 64 /* rows; sums over many rows are sums of sums over so many, for precision */

/* How many floats channels must divide by; 0 where a processor is too old to gain by it. */
long lanes(void)
{
#ifdef SLOW
    return 0;
#else
    return LANES;
#endif
}

/* The square matrix x, turned over or not, in panels. */
static void square_panels(const float *x, float *y, long size, int turn)
{
    for (long r = 0; r < size; r++)
        for (long c = 0; c < size; c++)
            y[turn ? in_panels(c, r, size, size) : in_panels(r, c, size, size)] = x[r * size + c];
}

/* The positive part of x (rows, columns), in panels or not. */
static void rectify(const float *x, float *y, long rows, long columns, int panels)
{
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < columns; c += LANES) {
            vector value = load(x + r * columns + c);
            store(y + (panels ? in_panels(r, c, rows, columns) : r * columns + c),
                  positive(value));
        }
}

/* y (rows, channels) = positive part of x (rows, channels) times the weight's transpose, and its
 * mean and scale. */
static void mix(const float *x, const float *weight, float *y, long rows, long channels,
                float *moments, float *work)
{
    float *positive = work + channels * channels;
    square_panels(weight, work, channels, 1);
    for (long r = 0; r < rows; r += CHUNK) {
        long count = smaller(rows - r, CHUNK);
        rectify(x + r * channels, positive, count, channels, 0);
        product(positive, channels, 1, work, y + r * channels, channels, count, channels, channels,
                0);
        add_statistics(y + r * channels, count, channels, r, moments, moments + channels);
    }
    finish_statistics(rows, channels, moments + channels);
}

/* Gradients of mix() by its weight, and by x: that one is written or added. */
static void mix_gradients(const float *x, const float *weight, const float *upstream,
                          float *by_x, float *by_weight, long rows, long channels, int add,
                          float *work)
{
    float *positive = work, *back = work + CHUNK * channels, *panels = back + CHUNK * channels;
    square_panels(weight, panels, channels, 0);
    for (long r = 0; r < rows; r += CHUNK) {
        long count = smaller(rows - r, CHUNK), size = count * channels;
        const float *from = x + r * channels, *up = upstream + r * channels;
        float *to = by_x + r * channels;
        rectify(from, positive, count, channels, 1);
        product(up, 1, channels, positive, by_weight, channels, channels, count, channels, r > 0);
        product(up, channels, 1, panels, back, channels, count, channels, channels, 0);
        for (long i = 0; i < size; i += LANES) {
            vector value = where(load(from + i), load(back + i));
            store(to + i, add ? load(to + i) + value : value);
        }
    }
}

/* ReLU, 3x3 or 1x1 convolution, normalisation by the batch's statistics, to a node. Keeps what
 * the way back needs: the convolution's output and (mean, scale), 2 x channels. */
void convolution_edge(const float *x, const float *weight, float *convolved, float *moments,
                      float *node, long kernel, long n, long height, long width, long channels,
                      int add, float *work)
{
    long rows = n * height * width;
    if (kernel == 3) {
        filters(weight, channels, channels, work);
        convolve(x, work, convolved, n, height, width, channels, channels, 1, 0, 0, moments,
                 work + filters_size(channels, channels));
    } else
        mix(x, weight, convolved, rows, channels, moments, work);
    normalise(convolved, moments, moments + channels, 0, 0, node, rows, channels, 0, add);
}

void convolution_edge_gradients(const float *x, const float *weight, const float *convolved,
                                const float *moments, const float *node, float *by_x,
                                float *by_weight, long kernel, long n, long height, long width,
                                long channels, int add, float *work)
{
    long rows = n * height * width;
    float *gradient = work, *sums = work + rows * channels;
    work = sums + 2 * channels;
    normalise_gradient(node, convolved, moments, moments + channels, 0, 0, 0, gradient, sums,
                       sums + channels, rows, channels);
    if (kernel == 3) {
        turned_filters(weight, channels, channels, work);
        convolve(gradient, work, by_x, n, height, width, channels, channels, 0, x, add, 0,
                 work + filters_size(channels, channels));
        weight_gradient(x, gradient, by_weight, n, height, width, channels, channels, 1, work);
    } else
        mix_gradients(x, weight, gradient, by_x, by_weight, rows, channels, add, work);
}

/* One over the number of neighbours that lie inside, of itself and those beside it. */
static float share(long i, long size) { return 1.0f / (1 + (i > 0) + (i + 1 < size)); }

/* Floats of workspace that the functions for edges need. */
long edge_workspace(long rows, long channels)
{
    return (rows + 2 + 9 * channels) * channels + filters_size(channels, channels) +
           weight_workspace(rows / 16, channels, channels);
}

/* Average over 3x3 windows, of what lies inside; or the gradient through it. */
void pooling_edge(const float *x, float *node, long n, long height, long width, long channels,
                  int gradient, int add, float *work)
{
    long line = width * channels;
    float *sums = work + channels; /* a line with a zero pixel on either side */
    for (long i = 0; i < channels; i++)
        work[i] = sums[line + i] = 0;
    for (long row = 0; row < n * height; row++, x += line, node += line) {
        long v = row % height;
        float up = v > 0 ? (gradient ? share(v - 1, height) : share(v, height)) : 0;
        float down = v + 1 < height ? (gradient ? share(v + 1, height) : share(v, height)) : 0;
        const float *above = v > 0 ? x - line : x, *below = v + 1 < height ? x + line : x;
        for (long h = 0; h < width; h++)
            for (long i = h * channels; i < (h + 1) * channels; i += LANES) {
                vector sum = share(v, height) * load(x + i) + up * load(above + i) +
                             down * load(below + i);
                store(sums + i, gradient ? sum * share(h, width) : sum);
            }
        for (long h = 0; h < width; h++)
            for (long i = h * channels; i < (h + 1) * channels; i += LANES) {
                vector sum = load(sums + i - channels) + load(sums + i) + load(sums + i + channels);
                sum = gradient ? sum : sum * share(h, width);
                store(node + i, add ? load(node + i) + sum : sum);
            }
    }
}
