/* Convolutions of any kernel, stride and dilation as products of matrices: the pixels that an
 * output reads lie in a line, a block of outputs at a time, and are multiplied by the weights. */
#include "kernels.h"

#include <string.h>

#define BLOCK 65536 /* floats of the lines of a block, in the second-level cache */
#define FEW 64      /* lines of a product that is added to others of its kind */
#define NEAR 64     /* floats between lines from which on columns are better copied to be read */

/* Outputs that are worked on at a time. */
static long block_of(long depth)
{
    long count = BLOCK / depth / ROWS * ROWS;
    return larger(count, 4 * ROWS);
}

/* Floats of workspace that the functions below need. */
long dense_workspace(long depth, long outputs)
{
    return depth * whole(outputs) + block_of(depth) * (depth + whole(outputs) + ROWS);
}

/* A matrix (lines, columns) in panels. */
static void copy_panels(const float *x, long lines, long columns, float *panels)
{
    for (long c = 0; c < columns; c += PANEL)
        for (long r = 0; r < lines; r++)
            for (long i = c; i < c + width_of(c, columns); i += LANES)
                store(panels + in_panels(r, i, lines, columns), load(x + r * columns + i));
}

/* Its transpose (columns, lines) in panels. */
static void turn_panels(const float *x, long lines, long columns, float *panels)
{
    for (long c = 0; c < columns; c += LANES)
        for (long r = 0; r < lines; r += LANES) {
            vector square[LANES];
            for (int i = 0; i < LANES; i++)
                square[i] = load(x + (r + i) * columns + c);
            turn_over(square);
            for (int i = 0; i < LANES; i++)
                store(panels + in_panels(c + i, r, columns, lines), square[i]);
        }
}

/* Whether outputs read a whole pixel each, in order: then maps are matrices as they lie. */
INLINE int plain(map from, form by)
{
    return by.kernel == 1 && by.stride == 1 && by.padding == 0 &&
           from.channels == whole(from.channels);
}

/* Where an output's first tap reads: an image, and a row and a column that may lie outside. */
typedef struct {
    long image, row, column;
} place;

INLINE place reading(map to, form by, long output)
{
    long row = output / to.width;
    place found = {row / to.height, row % to.height * by.stride - by.padding,
                   output % to.width * by.stride - by.padding};
    return found;
}

/* Where the pixel begins that tap (v, h) reads; negative, if outside of the map. */
INLINE long source(map from, place at, form by, long v, long h)
{
    long row = at.row + v * by.dilation, column = at.column + h * by.dilation;
    int inside = row >= 0 && row < from.height && column >= 0 && column < from.width;
    return inside ? ((at.image * from.height + row) * from.width + column) * from.channels : -1;
}

/* The lines of pixels, or of their positive parts, that outputs read, tap by tap, as they are or in
 * panels; pixels have whole() channels there. */
INLINE void gather(const float *x, map from, map to, form by, long first, long count, int rectify,
                   float *lines, const int panels)
{
    long depth = by.kernel * by.kernel * whole(from.channels);
    int whole_pixels = plain(from, by);
    for (long r = 0; r < count; r++) {
        place at = {0};
        if (!whole_pixels)
            at = reading(to, by, first + r);
        for (long v = 0, column = 0; v < by.kernel; v++)
            for (long h = 0; h < by.kernel; h++) {
                long pixel = whole_pixels ? (first + r) * from.channels
                                          : source(from, at, by, v, h);
                for (long c = 0; c < from.channels; c += LANES, column += LANES) {
                    vector value = {0};
                    if (pixel >= 0)
                        value = load_up_to(x + pixel + c, from.channels - c);
                    if (rectify)
                        value = positive(value);
                    store(lines + (panels ? in_panels(r, column, count, depth) : r * depth + column),
                          value);
                }
            }
    }
}

/* Add the gradients of such lines to those of the pixels: where a mask, if there is one, is above
 * zero. */
static void scatter(const float *line, map from, map to, form by, long first, long count,
                    const float *mask, float *x)
{
    for (long r = 0; r < count; r++) {
        place at = reading(to, by, first + r);
        for (long v = 0; v < by.kernel; v++)
            for (long h = 0; h < by.kernel; h++, line += whole(from.channels)) {
                long pixel = source(from, at, by, v, h);
                if (pixel >= 0)
                    for (long c = 0; c < from.channels; c += LANES) {
                        long rest = from.channels - c;
                        vector value = load(line + c);
                        if (mask)
                            value = where(load_up_to(mask + pixel + c, rest), value);
                        store_up_to(x + pixel + c, load_up_to(x + pixel + c, rest) + value, rest);
                    }
            }
    }
}

/* y (n, to height, to width, outputs) from x (n, height, width, inputs), or its positive part, and a
 * weight (outputs, kernel, kernel, inputs), which has whole() channels both ways; and the mean and
 * scale of y (2, outputs) where there is room for them. */
void dense(const float *x, const float *weight, float *y, long n, long height, long width,
           long inputs, long to_height, long to_width, long outputs, long kernel, long stride,
           long padding, long dilation, int rectify, float *moments, float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long depth = kernel * kernel * whole(inputs), all = n * to_height * to_width, block = block_of(depth);
    long columns = whole(outputs);
    int direct = plain(from, by) && !rectify;
    float *panels = work, *lines = panels + depth * columns, *results = lines + block * depth;
    turn_panels(weight, columns, depth, panels);
    for (long first = 0; first < all; first += block) {
        long count = smaller(all - first, block);
        float *after = columns == outputs ? y + first * outputs : results;
        if (!direct)
            gather(x, from, to, by, first, count, rectify, lines, 0);
        product(direct ? x + first * inputs : lines, depth, 1, panels, after, columns, count, depth,
                columns, 0);
        for (long r = 0; r < count && after == results; r++)
            memcpy(y + (first + r) * outputs, after + r * columns, outputs * sizeof *y);
        if (moments)
            add_statistics(y + first * outputs, count, outputs, first, moments, moments + outputs);
    }
    if (moments)
        finish_statistics(all, outputs, moments + outputs);
}

/* Gradient by x from the gradient of y. */
void dense_by_features(const float *x, const float *weight, const float *y, float *by_x, long n,
                       long height, long width, long inputs, long to_height, long to_width,
                       long outputs, long kernel, long stride, long padding, long dilation,
                       int rectify, float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long depth = kernel * kernel * whole(inputs), all = n * to_height * to_width, block = block_of(depth);
    float *panels = work, *lines = work + depth * outputs;
    copy_panels(weight, outputs, depth, panels);
    if (!plain(from, by))
        memset(by_x, 0, n * height * width * inputs * sizeof *by_x);
    for (long first = 0; first < all; first += block) {
        long count = smaller(all - first, block);
        float *before = plain(from, by) ? by_x + first * inputs : lines;
        product(y + first * outputs, outputs, 1, panels, before, depth, count, outputs, depth, 0);
        if (!plain(from, by))
            scatter(lines, from, to, by, first, count, rectify ? x : 0, by_x);
        else if (rectify)
            for (long i = 0; i < count * inputs; i += LANES)
                store(before + i, where(load(x + first * inputs + i), load(before + i)));
    }
}

/* Gradient by the weight from x and the gradient of y. */
void dense_by_weight(const float *x, const float *y, float *weight, long n, long height, long width,
                     long inputs, long to_height, long to_width, long outputs, long kernel,
                     long stride, long padding, long dilation, int rectify,
                     float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long depth = kernel * kernel * whole(inputs), all = n * to_height * to_width;
    long block = smaller(block_of(depth), FEW);
    float *panels = work, *near = panels + block * depth;
    for (long first = 0; first < all; first += block) {
        long count = smaller(all - first, block);
        gather(x, from, to, by, first, count, rectify, panels, 1);
        for (long o = 0; o < outputs; o += ROWS) {
            long rows = smaller(outputs - o, ROWS), distance = outputs;
            const float *columns = y + first * outputs + o;
            if (outputs > NEAR) {
                for (long r = 0; r < count; r++)
                    for (long i = 0; i < rows; i++)
                        near[r * rows + i] = columns[r * outputs + i];
                columns = near;
                distance = rows;
            }
            product(columns, 1, distance, panels, weight + o * depth, depth, rows, count, depth,
                    first > 0);
        }
    }
}
