/* 3x3 convolutions, stride 1, one zero around, by Winograd's minimal filtering F(4x4, 3x3)
 * (arXiv 1509.09308): a tile of 4x4 outputs takes 36 products a pair of channels, not 144.
 *
 * A line of four outputs y of a filter w of three taps over six inputs d is
 * y = A^T ((G w) * (B^T d)) by Toom-Cook's method, evaluated at 0, +-P, +-Q and infinity. The
 * points here, P^2 = 1/2 and Q^2 = 2, lose about a bit to a direct sum; small integers lose more.
 * Height and width divide by 4. */
#include "kernels.h"

#define TILE 4
#define LINE 6
#define POINTS 36
#define BLOCK 131072 /* floats that a block's points take, in the second-level cache */
#define DEPTH 64     /* inputs for which the filters of a panel are made at a time */
#define PAD 16       /* floats between lines and between matrices, lest all meet in one set of a cache */
#define GROUP (4 * ROWS) /* outputs whose part of a gradient is summed up at a time */

#define PP 0.5
#define QQ 2.0
static const float P = 0.70710678118654752, Q = 1.41421356237309505, P2 = PP, Q2 = QQ,
                   P3 = PP * 0.70710678118654752, Q3 = QQ * 1.41421356237309505,
                   SUM = PP + QQ, PRODUCT = PP * QQ, /* of the squares */
    AT_0 = 1 / (PP * QQ), AT_P = 1 / (2 * PP * (PP - QQ)), AT_Q = 1 / (2 * QQ * (QQ - PP));

/* B^T: six inputs to six points. All of these read at distance s and write at distance t. */
INLINE void from_inputs(const vector *d, int s, vector *u, int t)
{
    vector even_p = d[4 * s] - Q2 * d[2 * s], odd_p = P * (d[3 * s] - Q2 * d[s]);
    vector even_q = d[4 * s] - P2 * d[2 * s], odd_q = Q * (d[3 * s] - P2 * d[s]);
    u[0] = d[4 * s] - SUM * d[2 * s] + PRODUCT * d[0];
    u[t] = even_p + odd_p;
    u[2 * t] = even_p - odd_p;
    u[3 * t] = even_q + odd_q;
    u[4 * t] = even_q - odd_q;
    u[5 * t] = d[5 * s] - SUM * d[3 * s] + PRODUCT * d[s];
}

/* A^T: six points to four outputs. */
INLINE void to_outputs(const vector *u, int s, vector *y, int t)
{
    vector even_p = u[s] + u[2 * s], odd_p = u[s] - u[2 * s];
    vector even_q = u[3 * s] + u[4 * s], odd_q = u[3 * s] - u[4 * s];
    y[0] = u[0] + even_p + even_q;
    y[t] = P * odd_p + Q * odd_q;
    y[2 * t] = P2 * even_p + Q2 * even_q;
    y[3 * t] = P3 * odd_p + Q3 * odd_q + u[5 * s];
}

/* A: the gradient of four outputs to that of six points. */
INLINE void from_outputs(const vector *y, int s, vector *u, int t)
{
    vector even_p = y[0] + P2 * y[2 * s], odd_p = P * y[s] + P3 * y[3 * s];
    vector even_q = y[0] + Q2 * y[2 * s], odd_q = Q * y[s] + Q3 * y[3 * s];
    u[0] = y[0];
    u[t] = even_p + odd_p;
    u[2 * t] = even_p - odd_p;
    u[3 * t] = even_q + odd_q;
    u[4 * t] = even_q - odd_q;
    u[5 * t] = y[3 * s];
}

/* G: three taps to six points. */
INLINE void from_taps(const vector *w, int s, vector *u, int t)
{
    vector even_p = AT_P * (w[0] + P2 * w[2 * s]), odd_p = AT_P * P * w[s];
    vector even_q = AT_Q * (w[0] + Q2 * w[2 * s]), odd_q = AT_Q * Q * w[s];
    u[0] = AT_0 * w[0];
    u[t] = even_p + odd_p;
    u[2 * t] = even_p - odd_p;
    u[3 * t] = even_q + odd_q;
    u[4 * t] = even_q - odd_q;
    u[5 * t] = w[2 * s];
}

/* G^T: the gradient of six points to that of three taps. */
INLINE void to_taps(const vector *u, int s, vector *w, int t)
{
    vector even_p = AT_P * (u[s] + u[2 * s]), odd_p = AT_P * (u[s] - u[2 * s]);
    vector even_q = AT_Q * (u[3 * s] + u[4 * s]), odd_q = AT_Q * (u[3 * s] - u[4 * s]);
    w[0] = AT_0 * u[0] + even_p + even_q;
    w[t] = P * odd_p + Q * odd_q;
    w[2 * t] = P2 * even_p + Q2 * even_q + u[5 * s];
}

/* Tiles that are worked on at a time: the more channels, the more are worth a pass over filters. */
static long block_of(long inputs, long outputs)
{
    long count = BLOCK / (POINTS * (inputs + outputs)), least = inputs * outputs / (inputs + outputs);
    return larger(count, least);
}

/* Floats of the points of a block with so many channels. */
static long points_size(long count, long channels) { return POINTS * (count * (channels + PAD) + PAD); }

/* Floats of workspace that convolve() needs. */
long workspace(long tiles, long inputs, long outputs)
{
    long count = smaller(tiles, block_of(inputs, outputs));
    return points_size(count, inputs) + points_size(count, outputs);
}

/* Floats of the sums that weight_gradient() keeps: one block has one, of a group of outputs and a panel
 * of inputs, which need not be kept for the next block. */
static long sums_size(long tiles, long inputs, long outputs)
{
    long groups = (outputs + GROUP - 1) / GROUP, panels = (inputs + PANEL - 1) / PANEL;
    long count = tiles > block_of(inputs, outputs) ? groups * panels : 1;
    return count * POINTS * (GROUP * PANEL + PAD);
}

/* Floats of workspace that weight_gradient() needs. */
long weight_workspace(long tiles, long inputs, long outputs)
{
    long count = smaller(tiles, block_of(inputs, outputs));
    return sums_size(tiles, inputs, outputs) + POINTS * GROUP * count +
           workspace(tiles, inputs, outputs);
}

/* Points of a block lie one after the other: as lines of tiles at distance channels + PAD, or as
 * panels. */
INLINE long place_of(long t, long c, long count, long channels, int panels)
{
    return panels ? in_panels(t, c, count, channels) : t * (channels + PAD) + c;
}

/* Where tile t of a map begins. */
INLINE void locate(map m, long t, long *image, long *top, long *left)
{
    long across = m.width / TILE, down = m.height / TILE;
    *image = t / (across * down);
    *top = t / across % down * TILE;
    *left = t % across * TILE;
}

/* Points of tiles of inputs, each of which reaches one pixel beyond its outputs; rectify: of
 * their positive part. */
static void gather_inputs(const float *x, map m, long first, long count, int rectify,
                          int panels, float *points)
{
    long channels = whole(m.channels), size = points_size(count, channels) / POINTS;
    for (long t = 0; t < count; t++) {
        long n, top, left;
        locate(m, first + t, &n, &top, &left);
        for (long c = 0; c < m.channels; c += LANES) {
            vector tile[POINTS], half[POINTS], all[POINTS];
            for (int i = 0; i < LINE; i++)
                for (int j = 0; j < LINE; j++) {
                    long v = top + i - 1, h = left + j - 1;
                    int inside = v >= 0 && h >= 0 && v < m.height && h < m.width;
                    long pixel = (n * m.height + v) * m.width + h;
                    vector value = {0};
                    if (inside)
                        value = load_up_to(x + pixel * m.channels + c, m.channels - c);
                    tile[LINE * i + j] = rectify ? positive(value) : value;
                }
            for (int i = 0; i < LINE; i++)
                from_inputs(tile + LINE * i, 1, half + LINE * i, 1);
            for (int j = 0; j < LINE; j++)
                from_inputs(half + j, LINE, all + j, LINE);
            float *place = points + place_of(t, c, count, channels, panels);
            for (int p = 0; p < POINTS; p++)
                store(place + p * size, all[p]);
        }
    }
}

/* Points of the gradient of tiles of outputs. */
static void gather_outputs(const float *y, map m, long first, long count, float *points)
{
    long channels = whole(m.channels), size = points_size(count, channels) / POINTS;
    for (long t = 0; t < count; t++) {
        long n, top, left;
        locate(m, first + t, &n, &top, &left);
        for (long c = 0; c < m.channels; c += LANES) {
            vector tile[TILE * TILE], half[TILE * LINE], all[POINTS];
            for (int i = 0; i < TILE; i++)
                for (int j = 0; j < TILE; j++) {
                    long pixel = (n * m.height + top + i) * m.width + left + j;
                    tile[TILE * i + j] = load_up_to(y + pixel * m.channels + c, m.channels - c);
                }
            for (int i = 0; i < TILE; i++)
                from_outputs(tile + TILE * i, 1, half + LINE * i, 1);
            for (int j = 0; j < LINE; j++)
                from_outputs(half + j, LINE, all + j, LINE);
            float *place = points + place_of(t, c, count, channels, 0);
            for (int p = 0; p < POINTS; p++)
                store(place + p * size, all[p]);
        }
    }
}

/* Take a tile's outputs into the mean and the sum of squares about it of so many tiles before, as
 * add_statistics() does. */
INLINE void add_tile(const vector *tile, long before, float *mean, float *squares, long rest)
{
    vector sum = {0}, square = {0};
    for (int i = 0; i < TILE * TILE; i++)
        sum += tile[i];
    vector middle = sum / (float)(TILE * TILE);
    for (int i = 0; i < TILE * TILE; i++) {
        vector off = tile[i] - middle;
        square += off * off;
    }
    if (before) {
        vector old = load_up_to(mean, rest), off = middle - old;
        float share = 1 / (float)(before + 1);
        middle = old + share * off;
        square += load_up_to(squares, rest) + off * off * ((float)(before * TILE * TILE) * share);
    }
    store_up_to(mean, middle, rest);
    store_up_to(squares, square, rest);
}

/* Channels `from` to `to` of tiles' outputs from their points, which lie `size` floats one behind the
 * other, as lines at a distance; only where a mask is above zero, and added if asked. Moments, where
 * there is room for them, take in what the points gave. */
static void scatter_outputs(const float *points, long size, long distance, map m, long first,
                            long count, long from, long to, const float *mask, int add,
                            float *moments, float *y)
{
    for (long t = 0; t < count; t++) {
        long n, top, left;
        locate(m, first + t, &n, &top, &left);
        for (long c = from; c < to && c < m.channels; c += LANES) {
            vector all[POINTS], half[LINE * TILE], tile[TILE * TILE];
            for (int p = 0; p < POINTS; p++)
                all[p] = load(points + p * size + t * distance + c - from);
            for (int i = 0; i < LINE; i++)
                to_outputs(all + LINE * i, 1, half + TILE * i, 1);
            for (int j = 0; j < TILE; j++)
                to_outputs(half + j, TILE, tile + j, TILE);
            if (moments)
                add_tile(tile, first + t, moments + c, moments + m.channels + c, m.channels - c);
            for (int i = 0; i < TILE; i++)
                for (int j = 0; j < TILE; j++) {
                    long pixel = (n * m.height + top + i) * m.width + left + j;
                    long place = pixel * m.channels + c, rest = m.channels - c;
                    vector value = tile[TILE * i + j];
                    if (mask)
                        value = where(load_up_to(mask + place, rest), value);
                    if (add)
                        value += load_up_to(y + place, rest);
                    store_up_to(y + place, value, rest);
                }
        }
    }
}

/* Points of 3x3 taps of a register's columns, each so far behind the one before it. */
INLINE void store_taps(const vector *taps, float *place, long distance)
{
    vector half[3 * LINE], all[POINTS];
    for (int i = 0; i < 3; i++)
        from_taps(taps + 3 * i, 1, half + LINE * i, 1);
    for (int j = 0; j < LINE; j++)
        from_taps(half + j, LINE, all + j, LINE);
    for (int p = 0; p < POINTS; p++)
        store(place + p * distance, all[p]);
}

/* What follows takes weights of whole() channels. */

/* Filters of one panel of outputs for some inputs: 36 matrices (inputs, columns), each so far behind the
 * one before it. Weights lie the other way round: squares of them are turned over. */
static void panel_filters(const float *weight, long inputs, long first, long count, long panel,
                          long columns, float *points, long distance)
{
    for (long c = 0; c < count; c += LANES)
        for (long o = 0; o < columns; o += LANES) {
            vector squares[9][LANES];
            for (int k = 0; k < 9; k++) {
                for (int i = 0; i < LANES; i++)
                    squares[k][i] =
                        load(weight + (9 * (panel + o + i) + k) * inputs + first + c);
                turn_over(squares[k]);
            }
            for (int i = 0; i < LANES; i++) {
                vector taps[9];
                for (int k = 0; k < 9; k++)
                    taps[k] = squares[k][i];
                store_taps(taps, points + (c + i) * columns + o, distance);
            }
        }
}

/* The same of filters with which the gradient of some outputs is taken to that of inputs, a panel of
 * which this is: turned by 180 degrees. */
static void turned_panel_filters(const float *weight, long inputs, long first, long count, long panel,
                                 long columns, float *points, long distance)
{
    for (long o = 0; o < count; o++)
        for (long c = 0; c < columns; c += LANES) {
            vector taps[9];
            for (int k = 0; k < 9; k++)
                taps[k] = load(weight + (9 * (first + o) + 8 - k) * inputs + panel + c);
            store_taps(taps, points + o * columns + c, distance);
        }
}

/* Floats of filters. */
long filters_size(long inputs, long outputs) { return POINTS * (inputs * outputs + PAD); }

/* Filters for convolve(), 36 matrices (inputs, outputs) in panels. */
void filters(const float *weight, long inputs, long outputs, float *points)
{
    for (long panel = 0; panel < outputs; panel += PANEL)
        panel_filters(weight, inputs, 0, inputs, panel, width_of(panel, outputs),
                      points + panel * inputs, inputs * outputs + PAD);
}

/* Filters with which convolve() takes the gradient of outputs to that of inputs. */
void turned_filters(const float *weight, long inputs, long outputs, float *points)
{
    for (long panel = 0; panel < inputs; panel += PANEL)
        turned_panel_filters(weight, inputs, 0, outputs, panel, width_of(panel, inputs),
                             points + panel * outputs, inputs * outputs + PAD);
}

/* y (n, height, width, outputs) from x (n, height, width, inputs), or its positive part, and
 * filters; mask and add say what is written, as in scatter_outputs(). Mean and scale of what the
 * filters gave (2, outputs) are worked out where there is room for them. */
void convolve(const float *x, const float *points, float *y, long n, long height, long width,
              long inputs, long outputs, int rectify, const float *mask, int add, float *moments,
              float *work)
{
    map from = {n, height, width, inputs}, to = {n, height, width, outputs};
    inputs = whole(inputs), outputs = whole(outputs);
    long tiles = n * height * width / (TILE * TILE), block = block_of(inputs, outputs);
    for (long first = 0; first < tiles; first += block) {
        long count = smaller(tiles - first, block);
        long before_size = points_size(count, inputs), after_size = points_size(count, outputs);
        float *before = work, *after = work + before_size;
        gather_inputs(x, from, first, count, rectify, 0, before);
        for (long p = 0; p < POINTS; p++)
            product(before + p * before_size / POINTS, inputs + PAD, 1,
                    points + p * (inputs * outputs + PAD), after + p * after_size / POINTS, outputs + PAD,
                    count, inputs, outputs, 0);
        scatter_outputs(after, after_size / POINTS, outputs + PAD, to, first, count, 0, outputs, mask,
                        add, moments, y);
    }
    if (moments)
        finish_statistics(n * height * width, to.channels, moments + to.channels);
}

/* Floats of workspace that the next function needs. */
long few_tiles_workspace(long tiles, long inputs)
{
    return points_size(tiles, whole(inputs)) + POINTS * (PANEL * (DEPTH + tiles) + 2 * PAD);
}

/* What convolve() does, for few tiles and by a weight: the filters of a panel of outputs for some inputs
 * are made when they are used, and never leave a cache. If turned, they are those that lead back, and
 * inputs are the weight's outputs. */
void convolve_few_tiles(const float *x, const float *weight, float *y, long n, long height,
                        long width, long inputs, long outputs, int turned, int rectify,
                        const float *mask, float *moments, float *work)
{
    map from = {n, height, width, inputs}, to = {n, height, width, outputs};
    inputs = whole(inputs), outputs = whole(outputs);
    long tiles = n * height * width / (TILE * TILE), size = points_size(tiles, inputs) / POINTS;
    float *before = work, *points = before + POINTS * size, *after = points + POINTS * (PANEL * DEPTH + PAD);
    gather_inputs(x, from, 0, tiles, rectify, 0, before);
    for (long panel = 0; panel < outputs; panel += PANEL) {
        long columns = width_of(panel, outputs);
        for (long first = 0; first < inputs; first += DEPTH) {
            long count = smaller(inputs - first, DEPTH);
            long matrix = count * columns + PAD;
            if (turned)
                turned_panel_filters(weight, outputs, first, count, panel, columns, points, matrix);
            else
                panel_filters(weight, inputs, first, count, panel, columns, points, matrix);
            for (long p = 0; p < POINTS; p++)
                panel_product(before + p * size + first, inputs + PAD, 1, points + p * matrix,
                              after + p * (tiles * columns + PAD), columns, tiles, count, columns, first > 0);
        }
        scatter_outputs(after, tiles * columns + PAD, columns, to, 0, tiles, panel, panel + columns, mask,
                        0, moments, y);
    }
    if (moments)
        finish_statistics(n * height * width, to.channels, moments + to.channels);
}

/* Copy columns o to o + size of points' lines, ROWS at a time, each as lines of their own. */
static void pack(const float *points, long count, long channels, long o, long size, float *packed)
{
    for (long p = 0; p < POINTS; p++, points += points_size(count, channels) / POINTS)
        for (long i = 0; i < size; i += ROWS) {
            long rows = smaller(size - i, ROWS);
            for (long t = 0; t < count; t++)
                for (long r = 0; r < rows; r++)
                    *packed++ = points[t * (channels + PAD) + o + i + r];
        }
}

/* The part of a weight's gradient from the sums (rows, columns) of its points. */
static void scatter_taps(const float *sums, long rows, long columns, float *weight, long inputs)
{
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < columns; c += LANES) {
            vector all[POINTS], half[LINE * 3], taps[9];
            for (int p = 0; p < POINTS; p++)
                all[p] = load(sums + p * (rows * columns + PAD) + r * columns + c);
            for (int i = 0; i < LINE; i++)
                to_taps(all + LINE * i, 1, half + 3 * i, 1);
            for (int j = 0; j < 3; j++)
                to_taps(half + j, 3, taps + j, 3);
            for (int k = 0; k < 9; k++)
                store(weight + (9 * r + k) * inputs + c, taps[k]);
        }
}

/* Gradient of the weight from x, or its positive part, and the gradient of y. */
void weight_gradient(const float *x, const float *y, float *weight, long n, long height,
                     long width, long inputs, long outputs, int rectify, float *work)
{
    map from = {n, height, width, inputs}, to = {n, height, width, outputs};
    inputs = whole(inputs), outputs = whole(outputs);
    long tiles = n * height * width / (TILE * TILE), block = block_of(inputs, outputs);
    float *all_sums = work, *packed = work + sums_size(tiles, inputs, outputs);
    work = packed + POINTS * GROUP * smaller(tiles, block);
    for (long first = 0; first < tiles; first += block) {
        long count = smaller(tiles - first, block);
        long before_size = points_size(count, inputs);
        float *before = work, *after = work + before_size, *sums = all_sums;
        gather_inputs(x, from, first, count, rectify, 1, before);
        gather_outputs(y, to, first, count, after);
        for (long o = 0; o < outputs; o += GROUP) {
            long rows = smaller(outputs - o, GROUP);
            pack(after, count, outputs, o, rows, packed);
            for (long c = 0; c < inputs; c += PANEL) {
                long columns = width_of(c, inputs);
                for (long p = 0; p < POINTS; p++)
                    for (long i = 0; i < rows; i += ROWS) {
                        long lines = smaller(rows - i, ROWS);
                        panel_product(packed + (p * rows + i) * count, 1, lines,
                                      before + p * before_size / POINTS + c * count,
                                      sums + p * (rows * columns + PAD) + i * columns, columns, lines, count,
                                      columns, first > 0);
                    }
                if (first + block >= tiles)
                    scatter_taps(sums, rows, columns, weight + 9 * o * inputs + c, inputs);
                sums += tiles > block ? POINTS * (rows * columns + PAD) : 0;
            }
        }
    }
}
