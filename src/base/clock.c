#include "base/clock.h"

#include <time.h>

#define DAY_MS INT64_C(86400000)

int64_t lb_clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t lb_clock_boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t lb_clock_mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static char *put_number(char *out, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + digits;
}

struct date {
    int year;
    int month; /* from 1 on */
    int day;
};

/* The date of a day, counted from 1970-01-01; from the year 0 on. Years begin in March here, so
 * that the leap day is the last of a year, and of a century. With gmtime_r, formatting takes twice
 * as long. Source: Fliegel and Van Flandern, "A machine algorithm for processing calendar dates",
 * Communications of the ACM 11 (1968), page 657. */
static struct date date_of(int64_t days)
{
    int64_t left = days + 719468; /* since 0000-03-01 */
    int64_t century = (4 * left + 3) / 146097;
    left -= 146097 * century / 4;
    int64_t year = (4 * left + 3) / 1461; /* of the century */
    left -= 1461 * year / 4;
    int64_t month = (5 * left + 2) / 153; /* March is 0 */
    bool next_year = month >= 10;
    return (struct date){.year = (int)(100 * century + year + next_year),
                         .month = (int)(next_year ? month - 9 : month + 3),
                         .day = (int)(left - (153 * month + 2) / 5 + 1)};
}

size_t lb_time_format(int64_t wall_ms, char out[LB_TIME_TEXT_SIZE])
{
    int64_t days = wall_ms / DAY_MS - (wall_ms % DAY_MS < 0);
    int ms = (int)(wall_ms - days * DAY_MS); /* of the day */
    struct date date = date_of(days);
    char *p = put_number(out, date.year, 4);
    *p++ = '-';
    p = put_number(p, date.month, 2);
    *p++ = '-';
    p = put_number(p, date.day, 2);
    *p++ = 'T';
    p = put_number(p, ms / 3600000, 2);
    *p++ = ':';
    p = put_number(p, ms / 60000 % 60, 2);
    *p++ = ':';
    p = put_number(p, ms / 1000 % 60, 2);
    *p++ = '.';
    p = put_number(p, ms % 1000, 3);
    *p++ = 'Z';
    *p = '\0';
    return (size_t)(p - out);
}

static bool take_number(struct lb_str *text, size_t digits, char follow, int *out)
{
    uint64_t value = 0;
    if (text->len < digits + (follow ? 1 : 0) ||
        !lb_str_to_u64((struct lb_str){text->ptr, digits}, 9999, &value))
        return false;
    if (follow && text->ptr[digits] != follow)
        return false;
    text->ptr += digits + (follow ? 1 : 0);
    text->len -= digits + (follow ? 1 : 0);
    *out = (int)value;
    return true;
}

/* What follows the seconds: nothing or a fraction, then Z. */
static bool take_fraction(struct lb_str text, int *out_ms)
{
    *out_ms = 0;
    if (text.len > 1 && text.ptr[0] == '.') {
        size_t digits = 1;
        int scale = 100;
        for (; digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9'; digits++) {
            *out_ms += (text.ptr[digits] - '0') * scale;
            scale /= 10;
        }
        if (digits == 1)
            return false;
        text.ptr += digits;
        text.len -= digits;
    }
    return text.len == 1 && (text.ptr[0] == 'Z' || text.ptr[0] == 'z');
}

bool lb_time_parse(struct lb_str text, int64_t *out_wall_ms)
{
    struct tm tm = {0};
    int ms = 0;
    int year = 0;
    int month = 0;
    bool date_only = text.len == 10;
    if (!take_number(&text, 4, '-', &year) || !take_number(&text, 2, '-', &month) ||
        !take_number(&text, 2, date_only ? '\0' : 'T', &tm.tm_mday))
        return false;
    if (!date_only &&
        (!take_number(&text, 2, ':', &tm.tm_hour) || !take_number(&text, 2, ':', &tm.tm_min) ||
         !take_number(&text, 2, '\0', &tm.tm_sec) || !take_fraction(text, &ms)))
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    struct tm normalised = tm;
    time_t seconds = timegm(&normalised);
    if (year < 1970 || normalised.tm_mday != tm.tm_mday || normalised.tm_mon != tm.tm_mon ||
        normalised.tm_hour != tm.tm_hour || normalised.tm_min != tm.tm_min)
        return false;
    *out_wall_ms = (int64_t)seconds * 1000 + ms;
    return true;
}
