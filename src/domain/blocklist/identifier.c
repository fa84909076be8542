#include "domain/blocklist/identifier_internal.h"

#include "base/utf8.h"

#include <utf8proc.h>

#define LETTER(lower, upper) [lower] = (lower), [upper] = (lower)

const unsigned char lb_identifier_plain[256] = {
    ['-'] = '-',      ['_'] = '_',      ['0'] = '0',      ['1'] = '1',      ['2'] = '2',
    ['3'] = '3',      ['4'] = '4',      ['5'] = '5',      ['6'] = '6',      ['7'] = '7',
    ['8'] = '8',      ['9'] = '9',      LETTER('a', 'A'), LETTER('b', 'B'), LETTER('c', 'C'),
    LETTER('d', 'D'), LETTER('e', 'E'), LETTER('f', 'F'), LETTER('g', 'G'), LETTER('h', 'H'),
    LETTER('i', 'I'), LETTER('j', 'J'), LETTER('k', 'K'), LETTER('l', 'L'), LETTER('m', 'M'),
    LETTER('n', 'N'), LETTER('o', 'O'), LETTER('p', 'P'), LETTER('q', 'Q'), LETTER('r', 'R'),
    LETTER('s', 'S'), LETTER('t', 'T'), LETTER('u', 'U'), LETTER('v', 'V'), LETTER('w', 'W'),
    LETTER('x', 'X'), LETTER('y', 'Y'), LETTER('z', 'Z'),
};

/* 16 bytes at a time; a comparison makes a byte of 0xff out of what holds, else 0. */
typedef unsigned char block __attribute__((vector_size(16)));

static inline block between(block bytes, unsigned char first, unsigned char last)
{
    return (block)(bytes - first <= (unsigned char)(last - first));
}

static inline block lower_block(block bytes)
{
    return bytes | (between(bytes, 'A', 'Z') & 0x20);
}

/* Of bytes in lower case: the same as lb_identifier_plain. */
static inline block is_plain_block(block lower)
{
    return between(lower, 'a', 'z') | between(lower, '0', '9') | (block)(lower == '-') |
           (block)(lower == '_');
}

static inline bool all_set(block bytes)
{
    uint64_t halves[2];
    memcpy(halves, &bytes, sizeof halves);
    return (halves[0] & halves[1]) == UINT64_MAX;
}

/* Canonical forms have room for a last block, of which only a part is used. */
_Static_assert(LB_IDENTIFIER_SIZE >= LB_IDENTIFIER_MAX_CODE_POINTS + sizeof(block), "room");

/* A plain name to lower case; false when the text is not plain. */
static inline bool lower_plain(struct lb_str raw, struct lb_identifier *out)
{
    if (raw.len == 0 || raw.len > LB_IDENTIFIER_MAX_CODE_POINTS)
        return false;
    for (size_t i = 0; i < raw.len; i += sizeof(block)) {
        block bytes;
        if (raw.len - i >= sizeof bytes) {
            memcpy(&bytes, raw.ptr + i, sizeof bytes);
        } else {
            memset(&bytes, '-', sizeof bytes);
            memcpy(&bytes, raw.ptr + i, raw.len - i);
        }
        bytes = lower_block(bytes);
        if (!all_set(is_plain_block(bytes)))
            return false;
        memcpy(out->text + i, &bytes, sizeof bytes);
    }
    out->text[raw.len] = '\0';
    out->len = (uint16_t)raw.len;
    return true;
}

/* Could the plain name be a member id, or refused for what it is? Nearly all are told from those by
 * their first letters: see lb_identifier_check_kind. */
static inline bool needs_judging(const struct lb_identifier *out)
{
    switch (out->text[0]) {
    case 'a':
        return out->text[1] == 'c' || out->text[1] == 'e';
    case 'n':
    case 'u':
        return out->text[1] == 'u' || out->text[1] == 'n';
    case '-':
    case '_':
        return true;
    default:
        return false;
    }
}

/* As LinkedIn's member ids are case-sensitive, they stay as they were given. */
static __attribute__((noinline)) const char *judge_plain(struct lb_str raw,
                                                         struct lb_identifier *out)
{
    if (lb_identifier_is_member_id(raw)) {
        memcpy(out->text, raw.ptr, raw.len);
        return NULL;
    }
    return lb_identifier_check_kind(raw, out);
}

/* A name that has been found and decoded, without what joins and styles characters. */
static const char *normalise_name(struct lb_str name, struct lb_identifier *out)
{
    if (lower_plain(name, out))
        return judge_plain(name, out);
    int32_t points[LB_FOLD_POINTS];
    size_t count;
    const char *reason = lb_identifier_read_points(name, points, &count);
    if (!reason)
        reason = lb_identifier_fold(points, &count);
    if (!reason)
        reason = lb_identifier_check_points(points, count, out);
    if (reason)
        return reason;
    out->len = (uint16_t)lb_identifier_encode(points, count, out->text);
    out->text[out->len] = '\0';
    return lb_identifier_check_kind((struct lb_str){0}, out);
}

/* A name in its clothes: encoding, white space, URN. `text` is where `name` is. */
static const char *normalise_dressed(char *text, struct lb_str name, enum lb_identifier_form form,
                                     struct lb_identifier *out)
{
    const char *reason = lb_identifier_decode(text + (name.ptr - text), &name.len);
    if (!reason)
        reason = lb_identifier_trim(&name, true);
    if (reason)
        return reason;
    name.len = lb_identifier_clean(name, true, text + (name.ptr - text));
    bool urn = lb_ascii_starts_lower(name, LB_STR("urn:li:"));
    out->bare = form == LB_FORM_NAME && !urn;
    if (urn)
        reason = lb_identifier_member_of_urn(name, &name, out);
    else if (form == LB_FORM_SALES)
        name = lb_identifier_member_of_sales(name);
    if (!reason)
        reason = normalise_name(name, out);
    return !reason && (urn || form == LB_FORM_SALES) ? lb_identifier_check_member(out) : reason;
}

static __attribute__((noinline)) const char *normalise_any(struct lb_str raw,
                                                           struct lb_identifier *out)
{
    char text[LB_IDENTIFIER_RAW_MAX];
    enum lb_identifier_form form;
    struct lb_str name;
    if (raw.len > sizeof text)
        return lb_identifier_too_long;
    const char *reason = lb_identifier_trim(&raw, true);
    if (reason)
        return reason;
    raw = (struct lb_str){text, lb_identifier_clean(raw, false, text)};
    reason = lb_identifier_find(raw, true, &name, &form);
    return reason ? reason : normalise_dressed(text, name, form, out);
}

const char *lb_identifier_normalise(struct lb_str raw, struct lb_identifier *out)
{
    out->bare = true;
    out->plain = lower_plain(raw, out);
    if (!out->plain)
        return normalise_any(raw, out);
    return needs_judging(out) ? judge_plain(raw, out) : NULL;
}

bool lb_identifier_fold_term(struct lb_str raw, struct lb_buf *out)
{
    char text[LB_IDENTIFIER_RAW_MAX];
    struct lb_identifier name;
    int32_t points[LB_FOLD_POINTS];
    size_t count;
    bool today = lb_identifier_normalise(raw, &name) == NULL;
    bool before = !today && lb_identifier_before(raw, NULL, &name);
    if (today || before)
        raw = (struct lb_str){name.text, name.len};
    if (raw.len > sizeof text || !lb_utf8_is_valid(raw))
        return false;
    size_t cleaned = before ? 0 : lb_identifier_clean(raw, true, text);
    if (cleaned) /* else what is left out is all that there is */
        raw = (struct lb_str){text, cleaned};
    if (lb_identifier_read_points(raw, points, &count) || lb_identifier_fold(points, &count) ||
        !lb_buf_reserve(out, 4 * count + 1))
        return false;
    out->len += lb_identifier_encode(points, count, out->ptr + out->len);
    return true;
}

const char *lb_identifier_library_version(void)
{
    return utf8proc_version();
}
