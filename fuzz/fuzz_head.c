/* libFuzzer entry: the head parser against the reference, in pieces that the input chooses. */
#include "support/http_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first bytes are sizes of pieces. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIZES = 4 };
    if (size >= SIZES)
        compare_or_abort(&(struct compared){.bytes = {(const char *)data + SIZES, size - SIZES}},
                         data, SIZES);
    return 0;
}
