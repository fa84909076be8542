#include "base/str.h"

bool lb_str_to_u64(struct lb_str text, uint64_t max, uint64_t *out)
{
    if (text.len == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value) || value > max)
            return false;
    }
    *out = value;
    return true;
}

bool lb_str_to_id(struct lb_str text, uint64_t max, uint64_t *out)
{
    return text.len && text.ptr[0] != '0' && lb_str_to_u64(text, max, out);
}

struct lb_str lb_str_of_u64(uint64_t value, char digits[LB_U64_DIGITS])
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    size_t first = LB_U64_DIGITS;
    for (; value >= 10; value /= 100)
        memcpy(&digits[first -= 2], pairs + 2 * (value % 100), 2);
    if (value || first == LB_U64_DIGITS)
        digits[--first] = (char)('0' + value);
    return (struct lb_str){digits + first, LB_U64_DIGITS - first};
}

bool lb_str_copy(struct lb_str text, char *out, size_t size)
{
    if (text.len >= size)
        return false;
    if (text.len)
        memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}
