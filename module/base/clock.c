/* Two clocks, and the dates of HTTP and ARM taken apart by hand: strptime would follow the locale. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

static double seconds_of(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double aks_clock_monotonic(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double aks_clock_wall(void)
{
    return seconds_of(CLOCK_REALTIME);
}

struct moment {
    int year, month, day, hour, minute, second; /* month and day from 1 */
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* A leap second (60) counts as the next minute's first. */
static bool to_seconds(const struct moment *moment, double *seconds)
{
    long days = 0;

    if (moment->year < 1970 || moment->year > 9999 || moment->month < 1 || moment->month > 12 || moment->day < 1 ||
        moment->day > days_in(moment->month, moment->year) || moment->hour > 23 || moment->minute > 59 ||
        moment->second > 60)
        return false;
    for (int year = 1970; year < moment->year; year++)
        days += is_leap(year) ? 366 : 365;
    for (int month = 1; month < moment->month; month++)
        days += days_in(month, moment->year);
    days += moment->day - 1;
    *seconds = (double)days * 86400 + moment->hour * 3600 + moment->minute * 60 + moment->second;
    return true;
}

/* Exactly `count` digits; moves *at behind them. */
static bool digits(const char **at, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9')
            return false;
        *value = *value * 10 + (*at)[i] - '0';
    }
    *at += count;
    return true;
}

static bool word(const char **at, const char *expected)
{
    size_t length = strlen(expected);

    if (strncmp(*at, expected, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool month_name(const char **at, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (*month = 1; *month <= 12; (*month)++)
        if (strncmp(*at, names + (*month - 1) * 3, 3) == 0) {
            *at += 3;
            return true;
        }
    return false;
}

static bool time_of_day(const char **at, struct moment *moment)
{
    return digits(at, 2, &moment->hour) && word(at, ":") && digits(at, 2, &moment->minute) && word(at, ":") &&
           digits(at, 2, &moment->second);
}

/* "21 Jun 2023 09:18:33 GMT" */
static bool fixed_date(const char *at, struct moment *moment)
{
    return digits(&at, 2, &moment->day) && word(&at, " ") && month_name(&at, &moment->month) && word(&at, " ") &&
           digits(&at, 4, &moment->year) && word(&at, " ") && time_of_day(&at, moment) && word(&at, " GMT") && !*at;
}

/* "21-Jun-23 09:18:33 GMT"; two digits from 70 on are of the last century: nothing that we meet is older. */
static bool rfc850_date(const char *at, struct moment *moment)
{
    if (!digits(&at, 2, &moment->day) || !word(&at, "-") || !month_name(&at, &moment->month) || !word(&at, "-") ||
        !digits(&at, 2, &moment->year) || !word(&at, " ") || !time_of_day(&at, moment) || !word(&at, " GMT"))
        return false;
    moment->year += moment->year < 70 ? 2000 : 1900;
    return *at == '\0';
}

/* "Jun 21 09:18:33 2023", the day padded by a space. */
static bool asctime_date(const char *at, struct moment *moment)
{
    if (!month_name(&at, &moment->month) || !word(&at, " "))
        return false;
    if (*at == ' ')
        at++;
    return digits(&at, at[-1] == ' ' && at[-2] == ' ' ? 1 : 2, &moment->day) && word(&at, " ") &&
           time_of_day(&at, moment) && word(&at, " ") && digits(&at, 4, &moment->year) && !*at;
}

bool aks_clock_parse_http_date(const char *text, double *seconds)
{
    struct moment moment = {0};
    const char *comma = strchr(text, ',');
    const char *space = strchr(text, ' ');

    if (comma && comma[1] == ' ')
        return (fixed_date(comma + 2, &moment) || rfc850_date(comma + 2, &moment)) && to_seconds(&moment, seconds);
    return !comma && space == text + 3 && asctime_date(text + 4, &moment) && to_seconds(&moment, seconds);
}

/* ".84": a fraction of a second of any length. */
static double fraction(const char **at)
{
    double value = 0, place = 1;

    if (**at != '.')
        return 0;
    for ((*at)++; **at >= '0' && **at <= '9'; (*at)++) {
        place /= 10;
        value += (**at - '0') * place;
    }
    return value;
}

/* "Z" or "+01:00", in seconds east of Greenwich. */
static bool offset(const char **at, int *east)
{
    int hours, minutes, sign = **at == '-' ? -1 : 1;

    *east = 0;
    if (aks_text_lower(**at) == 'z') {
        (*at)++;
        return true;
    }
    if (**at != '+' && **at != '-')
        return false;
    (*at)++;
    if (!digits(at, 2, &hours) || !word(at, ":") || !digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *east = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool aks_clock_parse_rfc3339(const char *text, double *seconds)
{
    struct moment moment = {0};
    const char *at = text;
    double part;
    int east;

    if (!digits(&at, 4, &moment.year) || !word(&at, "-") || !digits(&at, 2, &moment.month) || !word(&at, "-") ||
        !digits(&at, 2, &moment.day) || (*at != 'T' && *at != 't' && *at != ' '))
        return false;
    at++;
    if (!time_of_day(&at, &moment))
        return false;
    if (*at == '.' && (at[1] < '0' || at[1] > '9'))
        return false;
    part = fraction(&at);
    if (!offset(&at, &east) || *at || !to_seconds(&moment, seconds))
        return false;
    *seconds += part - east;
    return true;
}
