/* Random numbers for waiting; never for secrets. */
#include "transport/chance.h"

#include <stdint.h>
#include <sys/random.h>

double aks_chance(void)
{
    uint32_t number;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        return 0.5;
    return number / ((double)UINT32_MAX + 1);
}
