/* libFuzzer entry: whatever a file is, the import keeps the promises of import/import.h: every row
 * is in one count, nobody is given whom lb_identifier_normalise refuses, the size of the pieces in
 * which the source is read changes nothing, and memory is bounded. The first byte chooses options.
 * Pausing after each row, and reading twice, give the same, too. */
#include "support/imports.h"

#include <stdlib.h>

#define HELD_MAX (8u << 20)

static void check(bool promise)
{
    if (!promise)
        abort();
}

static struct lb_import_options options_of(unsigned chosen)
{
    static const char *const columns[] = {"", "1", "2", "LinkedIn", "Name"};
    return (struct lb_import_options){
        .column = lb_str(columns[(chosen & 7) < 5 ? chosen & 7 : 0]),
        .reason_column = lb_str(chosen & 8 ? "1" : ""),
        .adds = (chosen & 16) != 0,
        .one_per_row = (chosen & 32) != 0,
    };
}

/* `bytes` are read again as long as the import is there. */
static void run(struct import_bytes *bytes, const struct lb_import_options *options,
                struct import_result *out)
{
    struct lb_import_source source = import_source(bytes);
    import_run(&source, options, out);
    check(out->fault == NULL);
    check(!out->import || lb_import_held_bytes(out->import) < HELD_MAX);
}

static void check_equal(const struct import_result *a, const struct import_result *b)
{
    check(a->err == b->err);
    check(memcmp(&a->counts, &b->counts, sizeof a->counts) == 0);
    check(lb_str_equal(lb_buf_str(&a->log), lb_buf_str(&b->log)));
}

static bool pause_here(void *context, const struct lb_import_item *item)
{
    return false;
}

/* Read once more, and with a pause after each row. */
static void check_again(struct import_result *result)
{
    bool done = false;
    lb_import_rewind(result->import);
    while (!done)
        check(lb_import_read(result->import, NULL, pause_here, &done, NULL) == LB_OK);
    check(memcmp(lb_import_counts(result->import), &result->counts, sizeof result->counts) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct import_bytes at_once = {.bytes = {(const char *)data + 1, size - 1}};
    struct import_bytes cut = {.bytes = at_once.bytes, .piece = 4 + data[0] % 13};
    struct lb_import_options options = options_of(data[0]);
    struct import_result whole, pieces;
    run(&at_once, &options, &whole);
    run(&cut, &options, &pieces);
    check_equal(&whole, &pieces);
    if (whole.import && whole.err == LB_OK)
        check_again(&whole);
    import_result_fini(&whole);
    import_result_fini(&pieces);
    return 0;
}
