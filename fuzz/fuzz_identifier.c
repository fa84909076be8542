/* libFuzzer entry: whatever is accepted as a public identifier keeps the promises of
 * domain/blocklist/identifier.h. */
#include "domain/blocklist/identifier.h"

#include <stdlib.h>
#include <utf8proc.h>

static void check(bool promise)
{
    if (!promise)
        abort();
}

static void check_canonical(const struct lb_identifier *id)
{
    check(id->len > 0 && id->len < LB_IDENTIFIER_SIZE && id->text[id->len] == '\0');
    check(strcspn(id->text, "/\\?#%&<>\"'@,; \t\r\n") == id->len);
    size_t points = 0;
    for (size_t at = 0; at < id->len; points++) {
        utf8proc_int32_t point;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)id->text + at,
                                              (utf8proc_ssize_t)(id->len - at), &point);
        check(n > 0);
        utf8proc_category_t category = utf8proc_category(point);
        check(category != UTF8PROC_CATEGORY_CN && category < UTF8PROC_CATEGORY_ZS);
        at += (size_t)n;
    }
    check(points <= LB_IDENTIFIER_MAX_CODE_POINTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lb_str raw = {(const char *)data, size};
    struct lb_identifier once, twice;
    const char *reason = lb_identifier_normalise(raw, &once);
    if (!reason) {
        check_canonical(&once);
        struct lb_str canonical = {once.text, once.len};
        check(lb_identifier_normalise(canonical, &twice) == NULL);
        check(lb_str_equal(canonical, (struct lb_str){twice.text, twice.len}));
    } else {
        check(reason[0] != '\0');
    }
    struct lb_buf term = {0};
    check(lb_identifier_fold_term(raw, &term) || term.len == 0);
    lb_buf_fini(&term);
    return 0;
}
