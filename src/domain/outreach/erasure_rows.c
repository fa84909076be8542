/* Which rows of the log are about the person. */
#include "domain/outreach/erasure_internal.h"

#include "base/array.h"
#include "domain/blocklist/own_rows.h"
#include "domain/outreach/internal.h"
#include "store/log_items.h"

#include <stdlib.h>
#include <utf8proc.h>

#define DECODED_MAX 3 /* layers of percent-encoding that are looked through */
#define PLAIN_MAX   7 /* bytes of a LinkedIn name that may as well be a word */

static const utf8proc_option_t folding =
    (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);

/* A copy in which a blank is in place of each byte that belongs to no character. */
static char *mend(struct lb_str text)
{
    char *mended = malloc(text.len + 1);
    for (size_t at = 0; mended && at < text.len;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at,
                                                (utf8proc_ssize_t)(text.len - at), &point);
        if (len > 0)
            memcpy(mended + at, text.ptr + at, (size_t)len);
        else
            mended[at] = ' ';
        at += len > 0 ? (size_t)len : 1;
    }
    return mended;
}

/* In memory of its own, as utf8proc does not say when that is short. */
static char *fold_characters(struct lb_str text)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.ptr;
    utf8proc_ssize_t len = (utf8proc_ssize_t)text.len;
    utf8proc_ssize_t count = utf8proc_decompose(bytes, len, NULL, 0, folding);
    size_t size = count < 0 ? text.len + 1 : ((size_t)count + 1) * sizeof(utf8proc_int32_t);
    char *folded = malloc(size);
    if (!folded)
        return NULL;
    if (count < 0) {
        lb_str_copy(text, folded, size);
        return folded;
    }
    utf8proc_decompose(bytes, len, (utf8proc_int32_t *)folded, count, folding);
    utf8proc_reencode((utf8proc_int32_t *)folded, count, folding);
    return folded;
}

/* A text without capitals, to be freed; NULL when out of memory. What is not UTF-8 stays as it is.
 */
static char *fold(struct lb_str text)
{
    char *mended = mend(text);
    char *folded = mended ? fold_characters((struct lb_str){mended, text.len}) : NULL;
    free(mended);
    return folded;
}

/* --- Mentions of the person in reasons and fields  */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c & 0x80);
}

bool lb_erasure_is_unmistakable(struct lb_str key)
{
    struct lb_str name = lb_key_value(key);
    bool letter = false, digit = false;
    if (lb_key_type(key) != LB_NAME_LINKEDIN || lb_identifier_is_member_id(name))
        return true;
    for (size_t i = 0; i < name.len; i++) {
        letter |= is_letter(name.ptr[i]);
        digit |= is_digit(name.ptr[i]);
    }
    return letter && digit && name.len > PLAIN_MAX;
}

/* Folds those names that came since. Others are looked for as a part of the profile's address. */
static lb_err fold_names(struct lb_erasure *erasure)
{
    for (; erasure->word_count < erasure->name_count; erasure->word_count++) {
        struct lb_str key = erasure->names[erasure->word_count].key;
        struct lb_str name = lb_key_value(key);
        struct lb_buf text = {0};
        if (!lb_erasure_is_unmistakable(key))
            lb_buf_append_lit(&text, "/in/");
        lb_buf_append_str(&text, name);
        char *word = text.failed ? NULL : fold(lb_buf_str(&text));
        lb_buf_fini(&text);
        if (!word)
            return LB_ERR_OVERLOADED;
        erasure->words[erasure->word_count] = word;
    }
    return LB_OK;
}

static bool joins(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

/* Not as a part of another name: "ann@x.org" is not in "mary.ann@x.org", nor in "ann@x.org.uk". */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    const char *at = text;
    while ((at = strstr(at, word)) != NULL) {
        const char *end = at + len;
        bool begins = at == text || *word == '/' || !(joins(at[-1]) || strchr(".+%", at[-1]));
        bool ends = !joins(*end) && !(strchr(".@%", *end) && *end && joins(end[1]));
        if (begins && ends)
            return true;
        at++;
    }
    return false;
}

/* Behind what people write between the digits of a phone number. */
static const char *behind_separators(const char *at)
{
    for (;;)
        if (strncmp(at, "(0)", 3) == 0)
            at += 3;
        else if (*at && strchr(" -.()/", *at))
            at++;
        else if (strncmp(at, "\u00a0", 2) == 0)
            at += 2;
        else
            return at;
}

/* `number`, as it is stored (`+44...`), in any groups. */
static bool has_phone(const char *text, const char *number)
{
    for (const char *begin = text; (begin = strchr(begin, '+')) != NULL; begin++) {
        const char *at = begin + 1, *digit = number + 1;
        for (; *digit; digit++, at++) {
            at = behind_separators(at);
            if (*at != *digit)
                break;
        }
        if (!*digit && !is_digit(*at))
            return true;
    }
    return false;
}

static bool has_name(const struct lb_erasure *erasure, size_t index, const char *text)
{
    const char *word = erasure->words[index];
    return has_word(text, word) ||
           (lb_key_type(erasure->names[index].key) == LB_NAME_PHONE && has_phone(text, word));
}

static lb_err mentions_as_it_is(const struct lb_erasure *erasure, struct lb_str text, bool *out)
{
    char *folded = fold(text);
    if (!folded)
        return LB_ERR_OVERLOADED;
    for (size_t i = 0; !*out && i < erasure->word_count; i++)
        *out = has_name(erasure, i, folded);
    free(folded);
    return LB_OK;
}

/* What a hexadecimal digit stands for; 16: none. */
static unsigned hex(char c)
{
    char lower = (char)(c | 0x20);
    return is_digit(c)                    ? (unsigned)(c - '0')
           : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10)
                                          : 16;
}

/* Decodes each `%` and two digits, in place; what stands for no character of a name stays. False
 * when there was none. */
static bool decode_percent(struct lb_buf *text)
{
    size_t to = 0;
    for (size_t at = 0; at < text->len; at++, to++) {
        bool coded = text->ptr[at] == '%' && at + 2 < text->len && hex(text->ptr[at + 1]) < 16 &&
                     hex(text->ptr[at + 2]) < 16;
        unsigned byte = coded ? hex(text->ptr[at + 1]) << 4 | hex(text->ptr[at + 2]) : 0;
        text->ptr[to] = byte ? (char)byte : text->ptr[at];
        at += byte ? 2 : 0;
    }
    bool any = to < text->len;
    text->len = to;
    return any;
}

/* Also percent-encoded, as in a copied address; or that once more (identifier_address.c). */
static lb_err mentions(const struct lb_erasure *erasure, struct lb_str text, bool *out)
{
    struct lb_buf decoded = {0};
    *out = false;
    if (!text.ptr || lb_chain_is_bare(text))
        return LB_OK;
    lb_err err = mentions_as_it_is(erasure, text, out);
    bool coded = !err && !*out && memchr(text.ptr, '%', text.len);
    if (coded)
        lb_buf_append_str(&decoded, text);
    if (decoded.failed)
        err = LB_ERR_OVERLOADED;
    for (int i = 0; coded && !err && !*out && i < DECODED_MAX && decode_percent(&decoded); i++)
        err = mentions_as_it_is(erasure, lb_buf_str(&decoded), out);
    lb_buf_fini(&decoded);
    return err;
}

/* --- Rows --- */

static bool is_meant(const struct lb_erasure *erasure, struct lb_str stored)
{
    struct lb_identifier today;
    struct lb_str key = lb_item_stored_key(stored);
    struct lb_str held =
        lb_key_is_linkedin(key) && key.ptr[0] != '~' ? lb_identifier_held(key, &today) : key;
    for (size_t i = 0; i < erasure->name_count; i++)
        if (lb_str_equal(held, erasure->names[i].key) || lb_str_equal(key, erasure->names[i].key))
            return true;
    return false;
}

/* Which items go; `*out_left`: others stay, or their row has none that are names. */
static uint64_t find_items(const struct lb_erasure *erasure, const struct lb_log_row *row,
                           bool *out_left)
{
    struct lb_str rest = row->items;
    struct lb_str item;
    uint64_t found = 0;
    *out_left = !lb_log_kind_has_names(row->kind);
    for (unsigned i = 0;
         i < 64 && lb_log_kind_has_names(row->kind) && lb_log_items_next(&rest, &item); i++) {
        bool meant = item.len && !lb_chain_is_bare(item) && is_meant(erasure, item);
        found |= (uint64_t)meant << i;
        *out_left |= !meant && !lb_chain_is_bare(item);
    }
    return found;
}

static lb_err find_what(const struct lb_erasure *erasure, const struct lb_log_row *row,
                        struct lb_chain_erasure *out)
{
    bool left;
    *out = (struct lb_chain_erasure){.items = find_items(erasure, row, &left)};
    bool whole = out->items && !left;
    out->source = whole && row->source.ptr && !lb_chain_is_bare(row->source);
    out->reason = whole && row->reason.ptr && !lb_chain_is_bare(row->reason);
    lb_err err = out->reason ? LB_OK : mentions(erasure, row->reason, &out->reason);
    return err ? err : mentions(erasure, row->import, &out->import);
}

static lb_err take_row(void *context, const struct lb_log_row *row)
{
    struct lb_erasure *erasure = context;
    struct lb_erased_row found = {.id = row->id, .campaign = row->list.campaign};
    lb_err err = find_what(erasure, row, &found.what);
    bool any = found.what.items || found.what.reason || found.what.source || found.what.import;
    if (err || !any)
        return err;
    if (erasure->row_count == LB_ERASURE_ROWS_MAX)
        return LB_ERR_PAYLOAD_TOO_LARGE;
    if (!lb_array_reserve(erasure->rows, erasure->row_capacity, erasure->row_count + 1))
        return LB_ERR_OVERLOADED;
    erasure->rows[erasure->row_count++] = found;
    return LB_OK;
}

lb_err lb_erasure_find_rows(struct lb_erasure *erasure, struct lb_store_reader *reader, size_t max,
                            uint64_t open_from, bool *out_done, struct lb_reason *reason)
{
    struct lb_own_rows rows = {.store = erasure->outreach->settings.store,
                               .workspace = erasure->change.standing.workspace,
                               .next = erasure->next,
                               .open_from = open_from,
                               .context = erasure,
                               .each = take_row};
    *out_done = false;
    lb_err err = fold_names(erasure);
    if (!err)
        err = lb_own_rows_read(&rows, reader, LB_ENTRY_ID_MAX + 1, max, out_done);
    erasure->next = rows.next;
    if (err == LB_ERR_PAYLOAD_TOO_LARGE)
        return lb_fail(reason, err,
                       "These names are in more than 10,000 rows of the blocklist log, which is "
                       "too much for one erasure: give fewer names at a time.");
    return err;
}
