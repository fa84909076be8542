#include "base/id.h"

#include <sodium.h>
#include <stdio.h>

#define ID_CHARS 16

void lb_id_random(char *out, size_t count)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
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
