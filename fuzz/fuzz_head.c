/* libFuzzer entry: the head parser against the reference, in pieces that the input chooses. */
#include "support/http_compare.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Sizes of pieces, a byte each, used again and again; the head follows them. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIZES = 4 };
    if (size < SIZES)
        return 0;
    struct pieces pieces = {data, SIZES, 0};
    const char *bytes = (const char *)data + SIZES;
    enum lb_head_result result, whole;
    const char *differs = compare_head(bytes, size - SIZES, next, &pieces, &result);
    if (!differs)
        differs = compare_head(bytes, size - SIZES, compare_whole, NULL, &whole);
    if (!differs && result != whole)
        differs = "result of the pieces";
    if (differs) {
        fprintf(stderr, "%s differs\n", differs);
        abort();
    }
    return 0;
}
