/* Positive parts of sums of maps. */
#include "kernels.h"

/* y = the positive part of x + other. */
void add_rectified(const float *x, const float *other, float *y, long size)
{
    for (long i = 0; i < size; i += LANES)
        store_up_to(y + i, positive(load_up_to(x + i, size - i) + load_up_to(other + i, size - i)),
                    size - i);
}

/* The gradient of both terms from that of y. */
void add_rectified_gradient(const float *upstream, const float *y, float *gradient, long size)
{
    for (long i = 0; i < size; i += LANES)
        store_up_to(gradient + i, where(load_up_to(y + i, size - i), load_up_to(upstream + i, size - i)),
                    size - i);
}
