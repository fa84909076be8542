/* libFuzzer entry: the body parser against the reference, in pieces that the input chooses. */
#include "support/http_compare.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Sizes of pieces, a byte each, used again and again; the body follows them. */
struct pieces {
    const uint8_t *sizes;
    size_t count, used;
};

static size_t next(void *state, size_t at, size_t len)
{
    struct pieces *pieces = state;
    size_t size = pieces->sizes[pieces->used++ % pieces->count];
    return size == 0 || len - at < size ? len : at + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the length of the body, or says that it is chunked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIZES = 3 };
    if (size < SIZES + 1)
        return 0;
    bool chunked = data[0] >= 0x40;
    struct pieces pieces = {data + 1, SIZES, 0};
    const char *bytes = (const char *)data + 1 + SIZES;
    size_t len = size - 1 - SIZES;
    enum lb_body_result result, whole;
    const char *differs = compare_body(chunked, data[0], bytes, len, next, &pieces, &result);
    if (!differs)
        differs = compare_body(chunked, data[0], bytes, len, compare_whole, NULL, &whole);
    if (!differs && result != whole)
        differs = "result of the pieces";
    if (differs) {
        fprintf(stderr, "%s differs\n", differs);
        abort();
    }
    return 0;
}
