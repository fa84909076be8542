/* libFuzzer entry: whatever is accepted as a public identifier keeps the promises of
 * domain/blocklist/identifier.h, and means the same in other clothes. */
#include "domain/blocklist/identifier.h"

#include "base/utf8.h"

#include <stdio.h>
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
    check(strcspn(id->text, "/\\?#%&<>\"'@,;.:()[]{}|*+=!$^`~ \t\r\n") == id->len);
    size_t points = 0;
    for (size_t at = 0; at < id->len; points++) {
        utf8proc_int32_t point;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)id->text + at,
                                              (utf8proc_ssize_t)(id->len - at), &point);
        check(n > 0);
        utf8proc_category_t category = utf8proc_category(point);
        check(category < UTF8PROC_CATEGORY_ZS);
        check(category != UTF8PROC_CATEGORY_CN || (point >= 0x1f000 && point <= 0x1ffff));
        check(!utf8proc_get_property(point)->ignorable);
        at += (size_t)n;
    }
    check(points <= LB_IDENTIFIER_MAX_CODE_POINTS);
}

static void check_same(struct lb_str raw, const struct lb_identifier *wanted)
{
    struct lb_identifier id;
    check(lb_identifier_normalise(raw, &id) == NULL);
    check(id.len == wanted->len && memcmp(id.text, wanted->text, id.len) == 0);
}

/* Percent-encoded in an address; but for the pages that are none there. */
static void check_in_address(const struct lb_identifier *id)
{
    char address[32 + 3 * LB_IDENTIFIER_SIZE] = "https://www.linkedin.com/in/";
    size_t len = strlen(address);
    for (size_t i = 0; i < id->len; i++)
        len += (size_t)snprintf(address + len, sizeof address - len, "%%%02x",
                                (unsigned char)id->text[i]);
    if (strcmp(id->text, "me") != 0 && strcmp(id->text, "in") != 0 &&
        strcmp(id->text, "edit") != 0 && strcmp(id->text, "unavailable") != 0)
        check_same((struct lb_str){address, len}, id);
}

/* What a string meant under earlier rules is found by its own text, unless it is another name now.
 */
static void check_before(struct lb_str raw, const struct lb_identifier *today)
{
    struct lb_identifier before, again, found;
    if (!lb_identifier_before(raw, today, &before))
        return;
    struct lb_str stored = {before.text, before.len};
    check(lb_identifier_held(stored, &again).ptr == stored.ptr);
    if (lb_identifier_normalise(stored, &again) == NULL)
        check(again.len == before.len && memcmp(again.text, before.text, before.len) == 0);
    else
        check(lb_identifier_before(stored, NULL, &found) && found.len == before.len &&
              memcmp(found.text, before.text, before.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lb_str raw = {(const char *)data, size};
    struct lb_identifier id;
    const char *reason = lb_identifier_normalise(raw, &id);
    if (!reason) {
        check_canonical(&id);
        check_same((struct lb_str){id.text, id.len}, &id);
        check_in_address(&id);
        lb_identifier_doubt(&id, true);
    } else {
        check(strlen(reason) > 10 && lb_utf8_is_valid(lb_str(reason)));
    }
    check_before(raw, reason ? NULL : &id);
    struct lb_buf term = {0};
    check(lb_identifier_fold_term(raw, &term) || term.len == 0);
    lb_buf_fini(&term);
    return 0;
}
