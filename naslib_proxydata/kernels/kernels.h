/* What the kernels share: registers of floats, products of matrices, each other.
 *
 * Maps are (n, height, width, channels), 3x3 weights (outputs, 3, 3, inputs), 1x1 weights
 * (outputs, inputs), all contiguous floats. Channels divide by lanes(). */
#ifndef KERNELS_H
#define KERNELS_H

#if defined(__AVX512F__)
#define LANES 16 /* floats in a register */
#define SUMS 16  /* registers that add products up */
#elif defined(__AVX2__) && defined(__FMA__)
#define LANES 8
#define SUMS 8
#else
#define LANES 4
#define SUMS 8
#define SLOW
#endif
#define STEP 16 /* product() takes a multiple of so many rows */
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef float anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int integers __attribute__((vector_size(4 * LANES)));

typedef struct {
    long n, height, width, channels;
} map;

INLINE vector load(const float *from) { return *(const anywhere *)from; }
INLINE void store(float *to, vector value) { *(anywhere *)to = value; }

/* The value where a condition is above zero, else zero. */
INLINE vector where(vector condition, vector value)
{
    return (vector)((integers)value & (integers)(condition > (vector){0}));
}

/* Add the product of x (rows x depth, at distances xr and xd) and y (depth x width) up in
 * registers; z = x y, or z += x y. */
INLINE void small_product(const float *x, long xr, long xd, const float *y, float *z, long columns,
                          long depth, int add, const int rows, const int width)
{
    vector sums[SUMS], line[4];
#pragma GCC unroll 16
    for (int i = 0; i < rows * width; i++)
        sums[i] = add ? load(z + i / width * columns + i % width * LANES) : (vector){0};
    for (long k = 0; k < depth; k++) {
#pragma GCC unroll 4
        for (int j = 0; j < width; j++)
            line[j] = load(y + k * columns + j * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < rows * width; i++)
            sums[i] += x[i / width * xr + k * xd] * line[i % width];
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows * width; i++)
        store(z + i / width * columns + i % width * LANES, sums[i]);
}

/* z (rows x columns) = x y or += x y; rows divide by STEP. */
static inline void product(const float *x, long xr, long xd, const float *y, float *z, long rows,
                    long depth, long columns, int add)
{
    long j = 0;
    for (; j + 4 * LANES <= columns; j += 4 * LANES)
        for (long i = 0; i < rows; i += SUMS / 4)
            small_product(x + i * xr, xr, xd, y + j, z + i * columns + j, columns, depth, add,
                          SUMS / 4, 4);
    for (; j + 2 * LANES <= columns; j += 2 * LANES)
        for (long i = 0; i < rows; i += SUMS / 2)
            small_product(x + i * xr, xr, xd, y + j, z + i * columns + j, columns, depth, add,
                          SUMS / 2, 2);
    for (; j < columns; j += LANES)
        for (long i = 0; i < rows; i += SUMS)
            small_product(x + i * xr, xr, xd, y + j, z + i * columns + j, columns, depth, add,
                          SUMS, 1);
}

long workspace(long inputs, long outputs);
void filters(const float *weight, long inputs, long outputs, float *points, float *work);
void turned_filters(const float *weight, long inputs, long outputs, float *points);
void convolve(const float *x, const float *points, float *y, long n, long height, long width,
              long inputs, long outputs, int rectify, const float *mask, int add, float *work);
void weight_gradient(const float *x, const float *y, float *weight, long n, long height,
                     long width, long inputs, long outputs, int rectify, float *work);

#endif
