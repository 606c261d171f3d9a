/* Convolutions of any kernel, stride and dilation as products of matrices: the pixels that an
 * output reads lie in a line, a block of outputs at a time, and are multiplied by the weights. */
#include "kernels.h"

#include <string.h>

#define BLOCK 65536 /* floats of the lines of a block, in the second-level cache */

typedef struct {
    long kernel, stride, padding, dilation;
} form;

/* Outputs that are worked on at a time. */
static long block_of(long depth)
{
    long count = BLOCK / depth / ROWS * ROWS;
    return count < 4 * ROWS ? 4 * ROWS : count;
}

/* Floats of workspace that the functions below need. */
long dense_workspace(long depth, long outputs)
{
    return depth * whole(outputs) + block_of(depth) * (2 * depth + whole(outputs) + ROWS);
}

/* A matrix (lines, columns) in panels, from one at distances between its lines. */
static void copy_panels(const float *x, long distance, long lines, long columns, float *panels)
{
    for (long c = 0; c < columns; c += PANEL)
        for (long r = 0; r < lines; r++)
            for (long i = c; i < c + width_of(c, columns); i += LANES)
                store(panels + in_panels(r, i, lines, columns), load(x + r * distance + i));
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

/* Where the pixel begins that an output reads by tap (v, h); negative, if outside of the map. */
INLINE long source(map from, map to, form by, long output, long v, long h)
{
    long image = output / (to.width * to.height);
    long row = output / to.width % to.height * by.stride - by.padding + v * by.dilation;
    long column = output % to.width * by.stride - by.padding + h * by.dilation;
    int inside = row >= 0 && row < from.height && column >= 0 && column < from.width;
    return inside ? ((image * from.height + row) * from.width + column) * from.channels : -1;
}

/* The lines of pixels that outputs read, tap by tap; pixels have whole() channels there. */
static void gather(const float *x, map from, map to, form by, long first, long count, float *line)
{
    for (long r = 0; r < count; r++)
        for (long v = 0; v < by.kernel; v++)
            for (long h = 0; h < by.kernel; h++, line += whole(from.channels)) {
                long pixel = source(from, to, by, first + r, v, h);
                for (long c = 0; c < from.channels; c += LANES)
                    store(line + c, pixel < 0 ? (vector){0}
                                              : load_up_to(x + pixel + c, from.channels - c));
            }
}

/* Add the gradients of such lines to those of the pixels. */
static void scatter(const float *line, map from, map to, form by, long first, long count, float *x)
{
    for (long r = 0; r < count; r++)
        for (long v = 0; v < by.kernel; v++)
            for (long h = 0; h < by.kernel; h++, line += whole(from.channels)) {
                long pixel = source(from, to, by, first + r, v, h);
                if (pixel >= 0)
                    for (long c = 0; c < from.channels; c += LANES) {
                        long rest = from.channels - c;
                        store_up_to(x + pixel + c, load_up_to(x + pixel + c, rest) + load(line + c),
                                   rest);
                    }
            }
}

/* Whether outputs read a whole pixel each, in order: then maps are matrices as they lie. */
INLINE int plain(map from, form by)
{
    return by.kernel == 1 && by.stride == 1 && by.padding == 0 &&
           from.channels == whole(from.channels);
}

/* y (n, to height, to width, outputs) from x (n, height, width, inputs) and a weight (outputs,
 * kernel, kernel, inputs), which has whole() channels both ways. */
void dense(const float *x, const float *weight, float *y, long n, long height, long width,
           long inputs, long to_height, long to_width, long outputs, long kernel, long stride,
           long padding, long dilation, float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long depth = kernel * kernel * whole(inputs), all = n * to_height * to_width, block = block_of(depth);
    long columns = whole(outputs);
    float *panels = work, *lines = panels + depth * columns, *results = lines + block * depth;
    turn_panels(weight, columns, depth, panels);
    for (long first = 0; first < all; first += block) {
        long count = all - first < block ? all - first : block;
        float *after = columns == outputs ? y + first * outputs : results;
        if (!plain(from, by))
            gather(x, from, to, by, first, count, lines);
        product(plain(from, by) ? x + first * inputs : lines, depth, 1, panels, after, columns,
                count, depth, columns, 0);
        for (long r = 0; r < count && after == results; r++)
            memcpy(y + (first + r) * outputs, after + r * columns, outputs * sizeof *y);
    }
}

/* Gradient by x from the gradient of y. */
void dense_by_features(const float *weight, const float *y, float *x, long n, long height,
                       long width, long inputs, long to_height, long to_width, long outputs,
                       long kernel, long stride, long padding, long dilation, float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long depth = kernel * kernel * whole(inputs), all = n * to_height * to_width, block = block_of(depth);
    float *panels = work, *lines = work + depth * outputs;
    copy_panels(weight, depth, outputs, depth, panels);
    if (!plain(from, by))
        memset(x, 0, n * height * width * inputs * sizeof *x);
    for (long first = 0; first < all; first += block) {
        long count = all - first < block ? all - first : block;
        product(y + first * outputs, outputs, 1, panels, plain(from, by) ? x + first * inputs : lines,
                depth, count, outputs, depth, 0);
        if (!plain(from, by))
            scatter(lines, from, to, by, first, count, x);
    }
}

/* Gradient by the weight from x and the gradient of y. */
void dense_by_weight(const float *x, const float *y, float *weight, long n, long height, long width,
                     long inputs, long to_height, long to_width, long outputs, long kernel,
                     long stride, long padding, long dilation, float *work)
{
    map from = {n, height, width, inputs}, to = {n, to_height, to_width, outputs};
    form by = {kernel, stride, padding, dilation};
    long depth = kernel * kernel * whole(inputs), all = n * to_height * to_width, block = block_of(depth);
    float *lines = work, *panels = lines + block * depth, *packed = panels + block * depth;
    for (long first = 0; first < all; first += block) {
        long count = all - first < block ? all - first : block;
        if (!plain(from, by))
            gather(x, from, to, by, first, count, lines);
        copy_panels(plain(from, by) ? x + first * inputs : lines, depth, count, depth, panels);
        for (long o = 0; o < outputs; o += ROWS) {
            long rows = outputs - o < ROWS ? outputs - o : ROWS;
            for (long r = 0; r < count; r++)
                for (long i = 0; i < rows; i++)
                    packed[r * rows + i] = y[(first + r) * outputs + o + i];
            product(packed, 1, rows, panels, weight + o * depth, depth, rows, count, depth,
                    first > 0);
        }
    }
}
