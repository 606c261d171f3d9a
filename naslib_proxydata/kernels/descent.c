/* A step of stochastic gradient descent with momentum, in one pass over memory. */
#include "kernels.h"

/* v = gradient + decay weight + momentum v, without the last for the first step; weight -= rate v.
 * All are matrices (lines, columns); those of the gradient lie at a distance. */
void descend(float *weight, const float *gradient, float *velocity, long lines, long columns,
             long distance, int begun, float rate, float momentum, float decay)
{
    for (long l = 0; l < lines; l++, weight += columns, gradient += distance, velocity += columns)
        for (long i = 0; i < columns; i += LANES) {
            long rest = columns - i;
            vector old = load_up_to(weight + i, rest);
            vector v = load_up_to(gradient + i, rest) + decay * old;
            if (begun)
                v += momentum * load_up_to(velocity + i, rest);
            store_up_to(velocity + i, v, rest);
            store_up_to(weight + i, old - rate * v, rest);
        }
}
