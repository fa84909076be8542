#include "json/scan.h"

#include "base/utf8.h"
#include "json/text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* An empty array or object takes json-c about as much memory as 8 numbers. */
#define CONTAINER_WEIGHT 8

/* The names of all objects that are open: those of an inner object follow those of the outer. A
 * name is its 64-bit hash. Equal names have equal hashes, so none slips through; that two different
 * names of one object meet is a matter of 2^-64, or of a sender who wants to be refused. */
struct scan {
    const unsigned char *start, *p, *end;
    unsigned depth, max_depth;
    unsigned name_count;
    unsigned weight;  /* of the values so far: what a parser will need memory for */
    const char *what; /* why it failed, at `p` */
    uint64_t names[LB_JSON_MAX_DEPTH * LB_JSON_MAX_MEMBERS];
};

static bool scan_value(struct scan *s);

static bool fail(struct scan *s, const unsigned char *at, const char *what)
{
    s->p = at;
    s->what = what;
    return false;
}

static void skip_space(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static bool next_is(const struct scan *s, char c)
{
    return s->p < s->end && *s->p == (unsigned char)c;
}

/* The value of 4 hexadecimal digits at `p`, or -1. */
static int hex4(const unsigned char *p, const unsigned char *end)
{
    if (end - p < 4)
        return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = p[i];
        int lower = c | 0x20;
        int digit = c >= '0' && c <= '9'           ? c - '0'
                    : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                   : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* Moves over the escape at `s->p`, a backslash. */
static bool scan_escape(struct scan *s, bool is_name)
{
    const unsigned char *p = s->p;
    if (s->end - p < 2)
        return fail(s, s->end, "unfinished string");
    if (p[1] != 'u') {
        if (p[1] == '\0' || !strchr("\"\\/bfnrt", p[1]))
            return fail(s, p, "unknown escape in a string");
        s->p = p + 2;
        return true;
    }
    int unit = hex4(p + 2, s->end);
    if (unit < 0)
        return fail(s, p, "\\u without four hexadecimal digits");
    if (unit == 0 && is_name)
        return fail(s, p, "\\u0000 in a member name");
    s->p = p + 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    bool pair = unit < 0xdc00 && s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u';
    int low = pair ? hex4(s->p + 2, s->end) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return fail(s, p, "escaped surrogate without its other half");
    s->p += 6;
    return true;
}

/* Moves over the string that starts at `s->p`, a quote. */
static bool scan_string(struct scan *s, bool is_name, bool *out_escaped)
{
    s->p++;
    for (;;) {
        s->p = lb_json_skip_plain(s->p, s->end);
        if (s->p == s->end)
            return fail(s, s->end, "unfinished string");
        unsigned char c = *s->p;
        if (c == '"') {
            s->p++;
            return true;
        }
        if (c == '\\') {
            *out_escaped = true;
            if (!scan_escape(s, is_name))
                return false;
        } else if (c < 0x20) {
            return fail(s, s->p, "control character in a string");
        } else {
            while (s->p < s->end && *s->p >= 0x80) {
                size_t n = lb_utf8_length(s->p, s->end);
                if (n == 0)
                    return fail(s, s->p, "invalid UTF-8");
                s->p += n;
            }
        }
    }
}

static size_t put_utf8(unsigned point, unsigned char *out)
{
    if (point < 0x80) {
        out[0] = (unsigned char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, point >>= 6)
        out[i] = (unsigned char)(0x80 | (point & 0x3f));
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (unsigned char)(lead[n] | point);
    return n;
}

/* Decodes the inside of a string that passed scan_string; never longer than what it is made of. */
static size_t unescape(const unsigned char *p, const unsigned char *end, unsigned char *out)
{
    static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
    size_t n = 0;
    while (p < end) {
        if (*p != '\\') {
            out[n++] = *p++;
        } else if (p[1] != 'u') {
            const char *letter = strchr(letters, p[1]);
            out[n++] = letter ? (unsigned char)controls[letter - letters] : p[1];
            p += 2;
        } else {
            unsigned point = (unsigned)hex4(p + 2, end);
            p += 6;
            if (point >= 0xd800 && point <= 0xdfff) {
                point = 0x10000 + ((point - 0xd800) << 10) + ((unsigned)hex4(p + 2, end) - 0xdc00);
                p += 6;
            }
            n += put_utf8(point, out + n);
        }
    }
    return n;
}

/* Moves over a member name; `first` is the index of its object's first name. */
static bool scan_name(struct scan *s, unsigned first)
{
    const unsigned char *name = s->p;
    bool escaped = false;
    if (!scan_string(s, true, &escaped))
        return false;
    const unsigned char *inside = name + 1;
    size_t len = (size_t)(s->p - 1 - inside);
    if (len > LB_JSON_MAX_NAME)
        return fail(s, name, "member name that is too long");
    unsigned char decoded[LB_JSON_MAX_NAME];
    if (escaped) {
        len = unescape(inside, s->p - 1, decoded);
        inside = decoded;
    }
    uint64_t hash = XXH3_64bits(inside, len);
    for (unsigned i = first; i < s->name_count; i++)
        if (s->names[i] == hash)
            return fail(s, name, "member name given twice");
    if (s->name_count - first == LB_JSON_MAX_MEMBERS)
        return fail(s, name, "too many members in an object");
    s->names[s->name_count++] = hash;
    return true;
}

static bool scan_object(struct scan *s)
{
    unsigned first = s->name_count;
    s->p++;
    skip_space(s);
    if (next_is(s, '}')) {
        s->p++;
        return true;
    }
    for (;;) {
        if (!next_is(s, '"'))
            return fail(s, s->p, "a member name in double quotes was expected");
        if (!scan_name(s, first))
            return false;
        skip_space(s);
        if (!next_is(s, ':'))
            return fail(s, s->p, "':' was expected");
        s->p++;
        if (!scan_value(s))
            return false;
        skip_space(s);
        if (!next_is(s, ','))
            break;
        s->p++;
        skip_space(s);
    }
    if (!next_is(s, '}'))
        return fail(s, s->p, "',' or '}' was expected");
    s->p++;
    s->name_count = first;
    return true;
}

static bool scan_array(struct scan *s)
{
    s->p++;
    skip_space(s);
    if (next_is(s, ']')) {
        s->p++;
        return true;
    }
    for (;;) {
        if (!scan_value(s))
            return false;
        skip_space(s);
        if (!next_is(s, ','))
            break;
        s->p++;
    }
    if (!next_is(s, ']'))
        return fail(s, s->p, "',' or ']' was expected");
    s->p++;
    return true;
}

static bool scan_digits(struct scan *s)
{
    const unsigned char *from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > from || fail(s, s->p, "a digit was expected");
}

static bool scan_number(struct scan *s)
{
    if (next_is(s, '-'))
        s->p++;
    if (next_is(s, '0')) {
        s->p++;
        if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
            return fail(s, s->p, "number with a leading zero");
    } else if (!scan_digits(s)) {
        return false;
    }
    if (next_is(s, '.')) {
        s->p++;
        if (!scan_digits(s))
            return false;
    }
    if (next_is(s, 'e') || next_is(s, 'E')) {
        s->p++;
        if (next_is(s, '+') || next_is(s, '-'))
            s->p++;
        return scan_digits(s);
    }
    return true;
}

static bool scan_word(struct scan *s, const char *word, size_t len)
{
    if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
        return fail(s, s->p, "a value was expected");
    s->p += len;
    return true;
}

static bool scan_nested(struct scan *s)
{
    if (s->depth == s->max_depth)
        return fail(s, s->p, "arrays and objects nested too deep");
    s->depth++;
    s->weight += CONTAINER_WEIGHT - 1;
    bool ok = *s->p == '{' ? scan_object(s) : scan_array(s);
    s->depth--;
    return ok;
}

static bool scan_value(struct scan *s)
{
    bool escaped;
    skip_space(s);
    if (s->p == s->end)
        return fail(s, s->p, "the JSON ends where a value was expected");
    if (++s->weight > LB_JSON_MAX_WEIGHT)
        return fail(s, s->p, "too many values");
    switch (*s->p) {
    case '"':
        return scan_string(s, false, &escaped);
    case '{':
    case '[':
        return scan_nested(s);
    case 't':
        return scan_word(s, "true", 4);
    case 'f':
        return scan_word(s, "false", 5);
    case 'n':
        return scan_word(s, "null", 4);
    default:
        if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
            return scan_number(s);
        return fail(s, s->p, "a value was expected");
    }
}

static bool scan_text(struct scan *s)
{
    if (s->end - s->p >= 3 && memcmp(s->p, "\xef\xbb\xbf", 3) == 0)
        return fail(s, s->p, "byte order mark");
    if (!scan_value(s))
        return false;
    skip_space(s);
    return s->p == s->end || fail(s, s->p, "text after the value");
}

lb_err lb_json_scan(struct lb_str text, unsigned max_depth, struct lb_reason *reason)
{
    if (text.len > LB_JSON_MAX_BYTES)
        return lb_fail(reason, LB_ERR_INVALID_JSON, "the JSON is too long");
    struct scan s;
    s.start = s.p = text.len ? (const unsigned char *)text.ptr : (const unsigned char *)"";
    s.end = s.start + text.len;
    s.depth = s.name_count = s.weight = 0;
    s.max_depth = max_depth < LB_JSON_MAX_DEPTH ? max_depth : LB_JSON_MAX_DEPTH;
    if (scan_text(&s))
        return LB_OK;
    return lb_fail(reason, LB_ERR_INVALID_JSON, "%s at byte %zu", s.what, (size_t)(s.p - s.start));
}
