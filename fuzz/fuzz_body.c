/* libFuzzer entry: the body parser against the reference, in pieces that the input chooses. */
#include "support/http_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the length of the body, or says that it is chunked; sizes of pieces follow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SIZES = 3, START = 1 + SIZES };
    if (size < START)
        return 0;
    struct compared body = {.bytes = {(const char *)data + START, size - START},
                            .is_body = true,
                            .chunked = data[0] >= 0x40,
                            .content_length = data[0]};
    compare_or_abort(&body, data + 1, SIZES);
    return 0;
}
