/* What the kernels share: registers of floats, products of matrices, each other.
 *
 * Maps are (n, height, width, channels), 3x3 weights (outputs, 3, 3, inputs), 1x1 weights
 * (outputs, inputs), all contiguous floats. Channels of cells divide by lanes(); elsewhere weights
 * have zeros for channels that are missing to the next multiple. */
#ifndef KERNELS_H
#define KERNELS_H

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define LANES 16 /* floats in a register */
#define ROWS 12  /* lines of a product that are added up in registers at a time */
#elif defined(__AVX2__) && defined(__FMA__)
#define LANES 8
#define ROWS 6
#else
#define LANES 4
#define ROWS 6
#define SLOW
#endif
#define PANEL (2 * LANES) /* columns of a product that are added up in registers at a time */
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef float anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int integers __attribute__((vector_size(4 * LANES)));

typedef struct {
    long n, height, width, channels;
} map;

/* What the outputs of a convolution read. */
typedef struct {
    long kernel, stride, padding, dilation;
} form;

INLINE vector load(const float *from) { return *(const anywhere *)from; }
INLINE void store(float *to, vector value) { *(anywhere *)to = value; }

/* As many of the next floats as there are, with zeros behind them; and back. */
#if LANES == 16
INLINE __mmask16 lowest(long count) { return (__mmask16)((1u << count) - 1); }
INLINE vector load_part(const float *from, long count)
{
    return (vector)_mm512_maskz_loadu_ps(lowest(count), from);
}
INLINE void store_part(float *to, vector value, long count)
{
    _mm512_mask_storeu_ps(to, lowest(count), (__m512)value);
}
#else
INLINE vector load_part(const float *from, long count)
{
#if LANES == 8
    integers number = {0, 1, 2, 3, 4, 5, 6, 7};
    return (vector)_mm256_maskload_ps(from, (__m256i)(number < (int)count));
#else
    vector value = {0};
    for (long i = 0; i < count; i++)
        value[i] = from[i];
    return value;
#endif
}
INLINE void store_part(float *to, vector value, long count)
{
    for (long i = 0; i < count; i++) /* quicker than AVX2's masked store */
        to[i] = value[i];
}
#endif
INLINE vector load_up_to(const float *from, long count)
{
    return count >= LANES ? load(from) : load_part(from, count);
}
INLINE void store_up_to(float *to, vector value, long count)
{
    if (count >= LANES)
        store(to, value);
    else
        store_part(to, value, count);
}

INLINE long smaller(long one, long other) { return one < other ? one : other; }
INLINE long larger(long one, long other) { return one > other ? one : other; }

/* The next multiple of lanes(). */
INLINE long whole(long channels) { return (channels + LANES - 1) / LANES * LANES; }

/* The value where a condition is above zero, else zero. */
INLINE vector where(vector condition, vector value)
{
    return (vector)((integers)value & (integers)(condition > (vector){0}));
}

/* The positive part; as torch's, of what is no number that. */
INLINE vector positive(vector value)
{
    return (vector)((integers)value & ~(integers)(value <= (vector){0}));
}

/* Where matrices with many columns are read line by line, a few columns at a time, they lie as
 * panels: all lines of the first PANEL columns, then of the next ones; fewer are left for the last.
 * Here begins the panel that column c belongs to. */
INLINE long panel_of(long c) { return c / PANEL * PANEL; }
INLINE long width_of(long panel, long columns)
{
    return smaller(columns - panel, PANEL);
}

/* Where an element lies in a matrix of panels. */
INLINE long in_panels(long line, long c, long lines, long columns)
{
    long panel = panel_of(c);
    return panel * lines + line * width_of(panel, columns) + c - panel;
}

/* Add the product of x (rows x depth, at distances xr and xd) and a panel y (depth x width
 * registers) up in registers; z (at distance zr) = x y, or z += x y. */
INLINE void small_product(const float *x, long xr, long xd, const float *y, float *z, long zr,
                          long depth, int add, const int rows, const int width)
{
    vector sums[2 * ROWS], line[2];
#pragma GCC unroll 24
    for (int i = 0; i < rows * width; i++)
        sums[i] = add ? load(z + i / width * zr + i % width * LANES) : (vector){0};
    for (long k = 0; k < depth; k++) {
#pragma GCC unroll 2
        for (int j = 0; j < width; j++)
            line[j] = load(y + (k * width + j) * LANES);
#pragma GCC unroll 24
        for (int i = 0; i < rows * width; i++)
            sums[i] += x[i / width * xr + k * xd] * line[i % width];
    }
#pragma GCC unroll 24
    for (int i = 0; i < rows * width; i++)
        store(z + i / width * zr + i % width * LANES, sums[i]);
}

INLINE void lines_product(const float *x, long xr, long xd, const float *y, float *z, long zr,
                          long rows, long depth, int add, const int width)
{
    long i = 0;
#define LINES(count)                                                                               \
    for (; i + count <= rows; i += count)                                                          \
        small_product(x + i * xr, xr, xd, y, z + i * zr, zr, depth, add, count, width);
    LINES(ROWS)
    LINES(4)
    LINES(2)
    LINES(1)
#undef LINES
}

/* z = x y or += x y for one panel y of so many columns: PANEL or LANES. */
static inline void panel_product(const float *x, long xr, long xd, const float *y, float *z,
                                 long zr, long rows, long depth, long columns, int add)
{
    if (columns == PANEL)
        lines_product(x, xr, xd, y, z, zr, rows, depth, add, 2);
    else
        lines_product(x, xr, xd, y, z, zr, rows, depth, add, 1);
}

/* z (rows x columns, at distance zr) = x y, or += x y, with y in panels. */
static inline void product(const float *x, long xr, long xd, const float *y, float *z, long zr,
                           long rows, long depth, long columns, int add)
{
    for (long c = 0; c < columns; c += PANEL)
        panel_product(x, xr, xd, y + c * depth, z + c, zr, rows, depth, width_of(c, columns), add);
}

#if LANES == 16
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#endif
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (integers){__VA_ARGS__})
#endif

/* Turn a square of LANES registers over, by as many perfect shuffles as halve LANES. */
INLINE void turn_over(vector *lines)
{
    vector next[LANES];
#pragma GCC unroll 4
    for (int round = 1; round < LANES; round *= 2) {
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = SHUFFLE(lines[i], lines[i + LANES / 2], LOW);
            next[2 * i + 1] = SHUFFLE(lines[i], lines[i + LANES / 2], HIGH);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
            lines[i] = next[i];
    }
}

long workspace(long tiles, long inputs, long outputs);
long weight_workspace(long tiles, long inputs, long outputs);
long filters_size(long inputs, long outputs);
void filters(const float *weight, long inputs, long outputs, float *points);
void turned_filters(const float *weight, long inputs, long outputs, float *points);
void convolve(const float *x, const float *points, float *y, long n, long height, long width,
              long inputs, long outputs, int rectify, const float *mask, int add, float *moments,
              float *work);
void weight_gradient(const float *x, const float *y, float *weight, long n, long height,
                     long width, long inputs, long outputs, int rectify, float *work);
void add_statistics(const float *x, long rows, long columns, long before, float *mean,
                    float *squares);
void finish_statistics(long rows, long columns, float *squares);
void statistics(const float *x, long rows, long columns, float *mean, float *scale);
void normalise(const float *x, const float *mean, const float *scale, const float *weight,
               const float *bias, float *y, long rows, long columns, int rectify, int add);
void normalise_gradient(const float *upstream, const float *x, const float *mean,
                        const float *scale, const float *weight, const float *bias, int rectify,
                        float *gradient, float *sums, float *products, long rows, long columns);

#endif
