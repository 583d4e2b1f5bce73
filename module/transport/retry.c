/* When to try again, and after how long. */
#include "transport/retry.h"

#include "base/clock.h"
#include "base/text.h"

/* How much later than asked, at the most, as a part of the wait: so that many clients do not come back together. */
#define SPREAD 0.1

static bool may_repeat(const struct aks_retry_outcome *outcome)
{
    switch (outcome->status) {
    case 429: /* refused before it had an effect */
        return true;
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
        return outcome->repeatable;
    case 0:
        return outcome->unsent || (outcome->connection_lost && outcome->repeatable);
    default:
        return false;
    }
}

double aks_retry_wait(const struct aks_retry_policy *policy, unsigned attempt, const struct aks_retry_outcome *outcome,
                      double chance)
{
    double ceiling = policy->base;

    if (attempt > policy->retries || !may_repeat(outcome))
        return -1;
    if (outcome->retry_after >= 0)
        return outcome->retry_after > AKS_RETRY_AFTER_LIMIT ? -1 : outcome->retry_after * (1 + SPREAD * chance);
    for (unsigned i = 1; i < attempt && ceiling < policy->cap; i++)
        ceiling *= 2;
    if (ceiling > policy->cap)
        ceiling = policy->cap;
    return ceiling * chance;
}

static bool integer_header(const struct aks_headers *headers, const char *name, long long *value)
{
    const char *text = aks_headers_get(headers, name);

    return text && aks_text_to_integer(text, 0, 1000LL * 1000 * 1000 * 1000, value);
}

double aks_retry_after(const struct aks_headers *headers, double now)
{
    static const char *const in_milliseconds[] = {"retry-after-ms", "x-ms-retry-after-ms"};
    const char *text = aks_headers_get(headers, "Retry-After");
    long long value;
    double date;

    for (size_t i = 0; i < sizeof in_milliseconds / sizeof *in_milliseconds; i++)
        if (integer_header(headers, in_milliseconds[i], &value) && value > 0)
            return (double)value / 1000;
    if (integer_header(headers, "Retry-After", &value))
        return value > 0 ? (double)value : -1;
    if (text && aks_clock_parse_http_date(text, &date) && date > now)
        return date - now;
    return -1;
}
