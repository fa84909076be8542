/* The strict look at raw JSON bytes, which builds the tree on its way. A function that scans takes
 * where its part of the text begins and returns where it ends; NULL after a failure. */
#include "base/utf8.h"
#include "json/text.h"
#include "json/tree.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* An array or object costs those who read it more than a number does. */
#define CONTAINER_WEIGHT 8

/* Slots at the start: those of a short text, and for a longer one as many bytes as it has. */
#define FIRST_SLOTS     8
#define FIRST_SLOTS_MAX 4096

typedef const unsigned char *place;

/* The names of all objects that are open: those of an inner object follow those of the outer. A
 * name is its 64-bit hash. Equal names have equal hashes, so none slips through; that two different
 * names of one object meet is a matter of 2^-64, or of a sender who wants to be refused. */
struct scan {
    place start, end;
    struct lb_json *slots; /* see tree.h */
    size_t used, room;
    bool stores; /* the tree keeps no pointer into the text */
    unsigned depth, max_depth;
    unsigned name_count;
    unsigned weight; /* of the values so far */
    unsigned values;
    const struct lb_json_bounds *bounds;
    const char *what; /* why it failed; NULL when out of memory */
    place at;         /* where it failed */
    uint64_t names[LB_JSON_MAX_DEPTH * LB_JSON_MAX_MEMBERS];
};

static place scan_value(struct scan *s, place p);

static place fail(struct scan *s, place at, const char *what)
{
    s->at = at;
    s->what = what;
    return NULL;
}

static place skip_space(place p, place end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static bool is(const struct scan *s, place p, char c)
{
    return p < s->end && *p == (unsigned char)c;
}

static bool is_digit(const struct scan *s, place p)
{
    return p < s->end && *p >= '0' && *p <= '9';
}

/* --- Building --------------------------------------------------------------------------------- */

/* `had`: bytes of the tree so far. */
static bool take(const struct lb_json_bounds *bounds, size_t had, size_t bytes)
{
    if (!bounds->take || had + bytes <= LB_JSON_FREE_BYTES)
        return true;
    if (had < LB_JSON_FREE_BYTES)
        bytes -= LB_JSON_FREE_BYTES - had;
    return bounds->take(bounds->context, bytes);
}

static __attribute__((noinline)) bool grow(struct scan *s, size_t count)
{
    size_t room = s->used + s->used / 2 + count;
    if (!take(s->bounds, s->room * sizeof *s->slots, (room - s->room) * sizeof *s->slots))
        return false;
    struct lb_json *slots = realloc(s->slots, room * sizeof *slots);
    if (!slots)
        return false;
    s->slots = slots;
    s->room = room;
    return true;
}

/* Takes `count` slots, which come without content; NULL when out of memory. */
static struct lb_json *add_slots(struct scan *s, size_t count)
{
    if (s->room - s->used < count && !grow(s, count))
        return NULL;
    struct lb_json *slot = s->slots + s->used;
    s->used += count;
    return slot;
}

/* A value whose text lives as long as the tree. */
static struct lb_json *add_borrowed(struct scan *s, enum lb_json_type type, const void *text,
                                    size_t len)
{
    struct lb_json *slot = add_slots(s, 1);
    if (slot)
        *slot = (struct lb_json){.text = text, .length = (uint32_t)len, .type = type, .slots = 1};
    return slot;
}

static size_t unescape(place p, place end, unsigned char *out);

/* A value that has its text to itself. */
static struct lb_json *add_stored(struct scan *s, enum lb_json_type type, place from, place to,
                                  bool escaped)
{
    size_t len = (size_t)(to - from), at = s->used;
    struct lb_json *slot = add_slots(s, 1 + lb_json_slots_for(len + 1));
    if (!slot)
        return NULL;
    char *bytes = (char *)(slot + 1);
    if (escaped)
        len = unescape(from, to, (unsigned char *)bytes);
    else
        memcpy(bytes, from, len);
    bytes[len] = '\0';
    s->used = at + 1 + lb_json_slots_for(len + 1);
    *slot = (struct lb_json){
        .length = (uint32_t)len, .type = type, .stored = true, .slots = (uint32_t)(s->used - at)};
    return slot;
}

static struct lb_json *add_text(struct scan *s, enum lb_json_type type, place from, place to,
                                bool escaped)
{
    return escaped || s->stores ? add_stored(s, type, from, to, escaped)
                                : add_borrowed(s, type, from, (size_t)(to - from));
}

static void close_container(struct scan *s, size_t at, size_t count)
{
    s->slots[at].length = (uint32_t)count;
    s->slots[at].slots = (uint32_t)(s->used - at);
}

/* Adds the table of where the items begin, so that the time to find one does not grow with the
 * number of those before it. */
static bool add_table(struct scan *s, size_t at, size_t count)
{
    uint32_t *table = (uint32_t *)add_slots(s, lb_json_slots_for(count * sizeof *table));
    if (!table)
        return false;
    const struct lb_json *array = s->slots + at;
    uint32_t begin = 1;
    for (size_t i = 0; i < count; i++, begin += array[begin].slots)
        table[i] = begin;
    return true;
}

/* --- Strings ---------------------------------------------------------------------------------- */

/* The value of 4 hexadecimal digits at `p`, or -1. */
static int hex4(place p, place end)
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

static place scan_escape(struct scan *s, place p, bool is_name)
{
    if (s->end - p < 2)
        return fail(s, s->end, "unfinished string");
    if (p[1] != 'u') {
        if (p[1] == '\0' || !strchr("\"\\/bfnrt", p[1]))
            return fail(s, p, "unknown escape in a string");
        return p + 2;
    }
    int unit = hex4(p + 2, s->end);
    if (unit < 0)
        return fail(s, p, "\\u without four hexadecimal digits");
    if (unit == 0 && is_name)
        return fail(s, p, "\\u0000 in a member name");
    place next = p + 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return next;
    bool pair = unit < 0xdc00 && s->end - next >= 2 && next[0] == '\\' && next[1] == 'u';
    int low = pair ? hex4(next + 2, s->end) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return fail(s, p, "escaped surrogate without its other half");
    return next + 6;
}

static place scan_beyond_ascii(struct scan *s, place p)
{
    while (p < s->end && *p >= 0x80) {
        size_t n = lb_utf8_length(p, s->end);
        if (n == 0)
            return fail(s, p, "invalid UTF-8");
        p += n;
    }
    return p;
}

/* From the first byte of a string that is not plain to the quote that ends it. */
static __attribute__((noinline)) place scan_special(struct scan *s, place p, bool is_name,
                                                    bool *out_escaped)
{
    while (p < s->end && *p != '"') {
        if (*p < 0x20)
            return fail(s, p, "control character in a string");
        *out_escaped |= *p == '\\';
        p = *p == '\\' ? scan_escape(s, p, is_name) : scan_beyond_ascii(s, p);
        if (!p)
            return NULL;
        p = lb_json_skip_plain(p, s->end);
    }
    return p < s->end ? p : fail(s, p, "unfinished string");
}

/* From the first byte of a string to the quote that ends it. */
static place scan_inside(struct scan *s, place p, bool is_name, bool *out_escaped)
{
    *out_escaped = false;
    p = lb_json_skip_plain(p, s->end);
    return is(s, p, '"') ? p : scan_special(s, p, is_name, out_escaped);
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

/* Decodes the inside of a string that passed scan_inside; never longer than what it is made of. */
static size_t unescape(place p, place end, unsigned char *out)
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

static place scan_string(struct scan *s, place p)
{
    bool escaped;
    place inside = p + 1;
    place quote = scan_inside(s, inside, false, &escaped);
    if (!quote || !add_text(s, LB_JSON_STRING, inside, quote, escaped))
        return NULL;
    return quote + 1;
}

/* A member name; `first` is the index of its object's first name. */
static place scan_name(struct scan *s, place p, unsigned first)
{
    bool escaped;
    place inside = p + 1;
    place quote = scan_inside(s, inside, true, &escaped);
    if (!quote)
        return NULL;
    if (quote - inside > LB_JSON_MAX_NAME)
        return fail(s, p, "member name that is too long");
    const struct lb_json *name = add_text(s, LB_JSON_STRING, inside, quote, escaped);
    if (!name)
        return NULL;
    struct lb_str decoded = lb_json_text(name);
    uint64_t hash = XXH3_64bits(decoded.ptr, decoded.len);
    for (unsigned i = first; i < s->name_count; i++)
        if (s->names[i] == hash)
            return fail(s, p, "member name given twice");
    if (s->name_count - first == LB_JSON_MAX_MEMBERS)
        return fail(s, p, "too many members in an object");
    s->names[s->name_count++] = hash;
    return quote + 1;
}

/* --- Other values ----------------------------------------------------------------------------- */

/* From the first name of an object, or what is in its place, to the brace. */
static place scan_members(struct scan *s, place p, unsigned first)
{
    for (;;) {
        if (!is(s, p, '"'))
            return fail(s, p, "a member name in double quotes was expected");
        p = scan_name(s, p, first);
        if (!p)
            return NULL;
        p = skip_space(p, s->end);
        if (!is(s, p, ':'))
            return fail(s, p, "':' was expected");
        p = scan_value(s, p + 1);
        if (!p)
            return NULL;
        p = skip_space(p, s->end);
        if (!is(s, p, ','))
            return is(s, p, '}') ? p : fail(s, p, "',' or '}' was expected");
        p = skip_space(p + 1, s->end);
    }
}

static place scan_object(struct scan *s, place p)
{
    size_t at = s->used;
    unsigned first = s->name_count;
    if (!add_borrowed(s, LB_JSON_OBJECT, NULL, 0))
        return NULL;
    p = skip_space(p + 1, s->end);
    if (!is(s, p, '}')) {
        p = scan_members(s, p, first);
        if (!p)
            return NULL;
    }
    close_container(s, at, s->name_count - first);
    s->name_count = first;
    return p + 1;
}

static place scan_items(struct scan *s, place p, size_t *out_count)
{
    for (;;) {
        p = scan_value(s, p);
        if (!p)
            return NULL;
        ++*out_count;
        p = skip_space(p, s->end);
        if (!is(s, p, ','))
            return is(s, p, ']') ? p : fail(s, p, "',' or ']' was expected");
        p++;
    }
}

static place scan_array(struct scan *s, place p)
{
    size_t at = s->used, count = 0;
    if (!add_borrowed(s, LB_JSON_ARRAY, NULL, 0))
        return NULL;
    p = skip_space(p + 1, s->end);
    if (!is(s, p, ']')) {
        p = scan_items(s, p, &count);
        if (!p)
            return NULL;
    }
    if (s->used - at > 1 + count && !add_table(s, at, count))
        return NULL;
    close_container(s, at, count);
    return p + 1;
}

static place scan_nested(struct scan *s, place p)
{
    if (s->depth == s->max_depth)
        return fail(s, p, "arrays and objects nested too deep");
    s->depth++;
    s->weight += CONTAINER_WEIGHT - 1;
    p = *p == '{' ? scan_object(s, p) : scan_array(s, p);
    s->depth--;
    return p;
}

static place scan_digits(struct scan *s, place p)
{
    if (!is_digit(s, p))
        return fail(s, p, "a digit was expected");
    while (is_digit(s, p))
        p++;
    return p;
}

static place scan_whole(struct scan *s, place p)
{
    if (is(s, p, '-'))
        p++;
    if (!is(s, p, '0'))
        return scan_digits(s, p);
    return is_digit(s, p + 1) ? fail(s, p + 1, "number with a leading zero") : p + 1;
}

static place scan_exponent(struct scan *s, place p)
{
    if (is(s, p, '+') || is(s, p, '-'))
        p++;
    return scan_digits(s, p);
}

static place scan_number(struct scan *s, place from)
{
    enum lb_json_type type = LB_JSON_INT;
    place p = scan_whole(s, from);
    if (p && is(s, p, '.')) {
        type = LB_JSON_DOUBLE;
        p = scan_digits(s, p + 1);
    }
    if (p && (is(s, p, 'e') || is(s, p, 'E'))) {
        type = LB_JSON_DOUBLE;
        p = scan_exponent(s, p + 1);
    }
    if (!p)
        return NULL;
    /* In an array or object a byte follows that ends the number, which lb_json_double needs. */
    const struct lb_json *slot =
        s->depth == 0 ? add_stored(s, type, from, p, false) : add_text(s, type, from, p, false);
    return slot ? p : NULL;
}

static place scan_word(struct scan *s, place p, enum lb_json_type type, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - p) < len || memcmp(p, word, len) != 0)
        return fail(s, p, "a value was expected");
    return add_borrowed(s, type, word, len) ? p + len : NULL;
}

static place scan_value(struct scan *s, place p)
{
    p = skip_space(p, s->end);
    if (p == s->end)
        return fail(s, p, "the JSON ends where a value was expected");
    if (++s->weight > LB_JSON_MAX_WEIGHT || ++s->values > s->bounds->max_values)
        return fail(s, p, "too many values");
    switch (*p) {
    case '"':
        return scan_string(s, p);
    case '{':
    case '[':
        return scan_nested(s, p);
    case 't':
        return scan_word(s, p, LB_JSON_BOOL, "true");
    case 'f':
        return scan_word(s, p, LB_JSON_BOOL, "false");
    case 'n':
        return scan_word(s, p, LB_JSON_NULL, "null");
    default:
        if (*p == '-' || (*p >= '0' && *p <= '9'))
            return scan_number(s, p);
        return fail(s, p, "a value was expected");
    }
}

static bool scan_text(struct scan *s)
{
    place p = s->start;
    if (s->end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        return fail(s, p, "byte order mark");
    p = scan_value(s, p);
    if (!p)
        return false;
    p = skip_space(p, s->end);
    return p == s->end || fail(s, p, "text after the value");
}

static lb_err parse(struct lb_str text, const struct lb_json_bounds *bounds, bool stores,
                    struct lb_json **out, struct lb_reason *reason)
{
    *out = NULL;
    if (text.len > LB_JSON_MAX_BYTES)
        return lb_fail(reason, LB_ERR_INVALID_JSON, "the JSON is too long");
    size_t first = text.len / sizeof(struct lb_json);
    struct scan s;
    s.start = text.len ? (place)text.ptr : (place) "";
    s.end = s.start + text.len;
    s.used = 0;
    s.room = FIRST_SLOTS + (first < FIRST_SLOTS_MAX ? first : FIRST_SLOTS_MAX);
    size_t bytes = s.room * sizeof *s.slots;
    s.slots = take(bounds, 0, bytes) ? malloc(bytes) : NULL;
    s.stores = stores;
    s.depth = s.name_count = s.weight = s.values = 0;
    s.bounds = bounds;
    s.max_depth = bounds->max_depth < LB_JSON_MAX_DEPTH ? bounds->max_depth : LB_JSON_MAX_DEPTH;
    s.what = NULL;
    if (s.slots && scan_text(&s)) {
        *out = s.slots;
        return LB_OK;
    }
    free(s.slots);
    if (!s.what)
        return lb_fail(reason, LB_ERR_OVERLOADED, "out of memory");
    return lb_fail(reason, LB_ERR_INVALID_JSON, "%s at byte %zu", s.what, (size_t)(s.at - s.start));
}

lb_err lb_json_parse(struct lb_str text, unsigned max_depth, struct lb_json **out,
                     struct lb_reason *reason)
{
    struct lb_json_bounds bounds = {max_depth, LB_JSON_MAX_WEIGHT, NULL, NULL};
    return parse(text, &bounds, false, out, reason);
}

lb_err lb_json_parse_bounded(struct lb_str text, const struct lb_json_bounds *bounds,
                             struct lb_json **out, struct lb_reason *reason)
{
    return parse(text, bounds, false, out, reason);
}

lb_err lb_json_parse_copy(struct lb_str text, unsigned max_depth, struct lb_json **out,
                          struct lb_reason *reason)
{
    struct lb_json_bounds bounds = {max_depth, LB_JSON_MAX_WEIGHT, NULL, NULL};
    return parse(text, &bounds, true, out, reason);
}
