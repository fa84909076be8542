#include "base/id.h"

#include <sodium.h>
#include <stdio.h>

#define ID_CHARS 16

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void lb_id_write_bits(char *out, size_t count, uint64_t bits)
{
    out[count] = '\0';
    for (; count > 0; bits >>= 5)
        out[--count] = alphabet[bits & 31];
}

bool lb_id_read_bits(struct lb_str text, size_t count, uint64_t *out)
{
    uint64_t bits = 0;
    if (text.len != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *found = memchr(alphabet, text.ptr[i], sizeof alphabet - 1);
        if (!found)
            return false;
        bits = bits << 5 | (uint64_t)(found - alphabet);
    }
    *out = bits;
    return true;
}

void lb_id_random(char *out, size_t count)
{
    randombytes_buf(out, count);
    for (size_t i = 0; i < count; i++)
        out[i] = alphabet[(unsigned char)out[i] & 31];
    out[count] = '\0';
}

void lb_id_make(char *out, size_t size, const char *prefix)
{
    char random[ID_CHARS + 1];
    lb_id_random(random, ID_CHARS);
    snprintf(out, size, "%s%s", prefix, random);
}
