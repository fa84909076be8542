#include "domain/blocklist/identifier.h"

#include <utf8proc.h>

#define MEMBER_ID_MIN 35 /* bytes: ACoAA or ACwAA, and 30 more */

/* Code points of the longest text that could have a canonical form, and of work space for it. A
 * form of 100 decomposes into at most 400, and each of these into at most 4. */
#define FOLD_TEXT_MAX (4 * LB_IDENTIFIER_MAX_CODE_POINTS)
#define FOLD_POINTS   (4 * FOLD_TEXT_MAX)

#define NFC (UTF8PROC_STABLE | UTF8PROC_COMPOSE)

static const char EMPTY[] = "is empty; give the part after /in/ of a profile URL";
static const char TOO_LONG[] =
    "is longer than 100 characters; give the part after /in/ of a profile URL";
static const char NOT_UTF8[] = "is not valid UTF-8; encode it as UTF-8";
static const char BAD_PERCENT[] =
    "contains invalid percent-encoding; write % followed by two hexadecimal digits";
static const char WHITE_SPACE[] = "contains white space";
static const char CONTROL[] = "contains a control character or NUL; remove it";
static const char INVISIBLE[] =
    "contains an invisible, private or unassigned character; type the name by hand";
static const char FORBIDDEN[] = "contains one of / \\ ? # % & < > \" ' @ , ; which public "
                                "identifiers do not have; give one name "
                                "only, the part after /in/ of a profile URL";
static const char E_MAIL[] =
    "is an e-mail address; give the part after /in/ of the person's profile URL";
static const char ORGANISATION[] =
    "is a company, school or showcase page; give the profile URL of a person";
static const char SALES_NAVIGATOR[] =
    "is a Sales Navigator URL; open the lead's LinkedIn profile and give that URL (.../in/...)";
static const char PUB[] =
    "is an old /pub/ URL; open it and give the URL that it leads to (.../in/...)";
static const char NO_PROFILE[] = "is a LinkedIn URL, but not of a profile; give one of the form "
                                 "https://www.linkedin.com/in/...";
static const char OTHER_SITE[] =
    "is a URL of another site; give one of the form https://www.linkedin.com/in/...";
static const char USER_INFO[] = "is a URL with a user name before the host; remove it and the @";
static const char HOST_ONLY[] = "is a host name; give the part after /in/ of a profile URL";
static const char DOTS[] = "is not a name; give the part after /in/ of a profile URL";
static const char UNSTABLE[] =
    "combines characters in a way that has no single lower-case form; type the name by hand";

/* What a byte of a plain name becomes; 0 for bytes that no plain name has. */
static const unsigned char PLAIN[256] = {
    ['-'] = '-', ['_'] = '_', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
    ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b',
    ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',
    ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p',
    ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w',
    ['x'] = 'x', ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd',
    ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k',
    ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
    ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
    ['Z'] = 'z',
};

static bool is_member_id(const void *text, size_t len)
{
    return len >= MEMBER_ID_MIN && (memcmp(text, "ACoAA", 5) == 0 || memcmp(text, "ACwAA", 5) == 0);
}

bool lb_identifier_is_member_id(struct lb_str canonical)
{
    return is_member_id(canonical.ptr, canonical.len);
}

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

/* Of bytes in lower case: the same as PLAIN. */
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

static bool normalise_plain(struct lb_str raw, struct lb_identifier *out)
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
    if (raw.ptr[0] == 'A' && is_member_id(raw.ptr, raw.len))
        memcpy(out->text, raw.ptr, raw.len);
    out->text[raw.len] = '\0';
    out->len = (uint16_t)raw.len;
    return true;
}

/* The code point at the start of `text` (which is not empty) and its bytes; false when the bytes
 * there are not UTF-8. */
static bool first_point(struct lb_str text, int32_t *out_point, size_t *out_bytes)
{
    if ((unsigned char)text.ptr[0] < 0x80) {
        *out_point = text.ptr[0];
        *out_bytes = 1;
        return true;
    }
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len, out_point);
    *out_bytes = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static struct lb_str skip(struct lb_str text, size_t bytes)
{
    return (struct lb_str){text.ptr + bytes, text.len - bytes};
}

static bool is_white_space(int32_t point)
{
    if (point < 0x80)
        return point == ' ' || (point >= 0x09 && point <= 0x0d);
    if (point == 0x85)
        return true;
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

/* The category Cc, which is fixed for good. */
static bool is_control(int32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

/* Takes white space off both ends. What is left may hold none, nor a control character, even where
 * a URL is cut off: two URLs in one line must not pass for the first of them. */
static const char *trim(struct lb_str *text)
{
    const char *start = NULL, *end = NULL, *reason = NULL;
    int32_t point;
    size_t bytes;
    for (struct lb_str rest = *text; rest.len; rest = skip(rest, bytes)) {
        if (!first_point(rest, &point, &bytes))
            return NOT_UTF8;
        if (is_white_space(point))
            continue;
        if (!reason && start && end != rest.ptr)
            reason = WHITE_SPACE;
        if (!reason && is_control(point))
            reason = CONTROL;
        start = start ? start : rest.ptr;
        end = rest.ptr + bytes;
    }
    if (!start)
        return EMPTY;
    *text = (struct lb_str){start, (size_t)(end - start)};
    return reason;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool equals_lower(struct lb_str text, struct lb_str lower_case)
{
    if (text.len != lower_case.len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (lower(text.ptr[i]) != (unsigned char)lower_case.ptr[i])
            return false;
    return true;
}

/* The length of what comes before the first of `stops`, or of all. */
static size_t span_until(struct lb_str text, const char *stops)
{
    size_t n = 0;
    while (n < text.len && (text.ptr[n] == '\0' || !strchr(stops, text.ptr[n])))
        n++;
    return n;
}

/* linkedin.com or a sub-domain of it, in any case, maybe with a final dot and a port. */
static bool is_linkedin(struct lb_str host)
{
    size_t name = span_until(host, ":");
    for (size_t i = name + 1; i < host.len; i++)
        if (host.ptr[i] < '0' || host.ptr[i] > '9')
            return false;
    host.len = name;
    if (host.len && host.ptr[host.len - 1] == '.')
        host.len--;
    struct lb_str domain = LB_STR("linkedin.com");
    if (host.len < domain.len || !equals_lower(skip(host, host.len - domain.len), domain))
        return false;
    bool in_label = false;
    for (size_t i = 0; i < host.len - domain.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        if (c == '.' ? !in_label : !PLAIN[c])
            return false;
        in_label = c != '.';
    }
    return !in_label;
}

/* Is all of `text` a host? "www." counts as the start of one, with anything after it. */
static bool is_bare_host(struct lb_str text)
{
    return is_linkedin(text) ||
           (text.len >= 4 && equals_lower((struct lb_str){text.ptr, 4}, LB_STR("www.")));
}

static struct lb_str take_word(struct lb_str *path)
{
    struct lb_str word = {path->ptr, span_until(*path, "/?#")};
    *path = skip(*path, word.len);
    return word;
}

/* Finds the name in the path of a LinkedIn URL (or in a path alone, for which `otherwise` is the
 * reason when it is no path of LinkedIn's). */
static const char *find_in_path(struct lb_str path, const char *otherwise, struct lb_str *out)
{
    while (path.len && path.ptr[0] == '/')
        path = skip(path, 1);
    struct lb_str word = take_word(&path);
    if (equals_lower(word, LB_STR("comm")) && path.len && path.ptr[0] == '/') {
        path = skip(path, 1);
        word = take_word(&path);
    }
    if (equals_lower(word, LB_STR("in"))) {
        if (path.len && path.ptr[0] == '/')
            path = skip(path, 1);
        *out = take_word(&path);
        return out->len ? NULL : NO_PROFILE;
    }
    if (equals_lower(word, LB_STR("company")) || equals_lower(word, LB_STR("school")) ||
        equals_lower(word, LB_STR("showcase")))
        return ORGANISATION;
    if (equals_lower(word, LB_STR("sales")))
        return SALES_NAVIGATOR;
    if (equals_lower(word, LB_STR("pub")))
        return PUB;
    return otherwise;
}

static const char *find_after_host(struct lb_str url, struct lb_str *out)
{
    struct lb_str authority = take_word(&url);
    if (memchr(authority.ptr, '@', authority.len))
        return USER_INFO;
    return is_linkedin(authority) ? find_in_path(url, NO_PROFILE, out) : OTHER_SITE;
}

/* The bytes of "scheme://" or "//" at the start; 0 when there is neither. */
static size_t scheme_length(struct lb_str text)
{
    size_t n = 0;
    while (n < text.len && (PLAIN[(unsigned char)text.ptr[n]] || strchr("+.", text.ptr[n])) &&
           text.ptr[n])
        n++;
    if (n && n < text.len && text.ptr[n] == ':')
        n++;
    else
        n = 0;
    return text.len >= n + 2 && memcmp(text.ptr + n, "//", 2) == 0 ? n + 2 : 0;
}

/* Finds the name, still percent-encoded, in a trimmed string. Only one with a slash is a URL or a
 * path; anything else is the name itself. */
static const char *find_name(struct lb_str text, struct lb_str *out)
{
    *out = text;
    if (!memchr(text.ptr, '/', text.len))
        return NULL;
    size_t scheme = scheme_length(text);
    if (scheme) {
        struct lb_str name = {text.ptr, scheme};
        if (scheme > 2 && !equals_lower(name, LB_STR("https://")) &&
            !equals_lower(name, LB_STR("http://")))
            return OTHER_SITE;
        return find_after_host(skip(text, scheme), out);
    }
    struct lb_str first = {text.ptr, span_until(text, "/")};
    for (size_t i = 0; i < first.len; i++)
        if (strchr(".:@", first.ptr[i]))
            return find_after_host(text, out);
    return find_in_path(text, FORBIDDEN, out);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *decode_percent(struct lb_str text, char *out, size_t size, size_t *out_len)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return BAD_PERCENT;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (n == size)
            return TOO_LONG;
        out[n++] = c;
    }
    *out_len = n;
    return NULL;
}

/* Reads `text` into `points`, room for FOLD_TEXT_MAX. What is longer is too long in any
 * composition: NFC makes one code point out of 4 at most. */
static const char *read_points(struct lb_str text, int32_t *points, utf8proc_ssize_t *out_count)
{
    size_t bytes;
    utf8proc_ssize_t n = 0;
    for (; text.len; text = skip(text, bytes)) {
        int32_t point;
        if (!first_point(text, &point, &bytes))
            return NOT_UTF8;
        if (n == FOLD_TEXT_MAX)
            return TOO_LONG;
        points[n++] = point;
    }
    *out_count = n;
    return NULL;
}

/* Decomposes or folds each of `n` code points; how many they become, or -1 when over FOLD_POINTS.
 */
static utf8proc_ssize_t expand(const int32_t *points, utf8proc_ssize_t n, int options, int32_t *out)
{
    utf8proc_ssize_t len = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        int boundary = 0;
        utf8proc_ssize_t count = utf8proc_decompose_char(points[i], out + len, FOLD_POINTS - len,
                                                         (utf8proc_option_t)options, &boundary);
        if (count < 0 || count > FOLD_POINTS - len)
            return -1;
        len += count;
    }
    return len;
}

/* Puts combining marks into canonical order (Unicode, section 3.11, D109). utf8proc would do it, in
 * a time that grows fast with the length of a run of marks. False when a run is so long that the
 * whole is too long: composition takes at most 3 marks out of it. */
static bool order_marks(int32_t *points, utf8proc_ssize_t n)
{
    uint8_t classes[FOLD_POINTS];
    utf8proc_ssize_t run = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        int32_t point = points[i];
        uint8_t class = (uint8_t)utf8proc_get_property(point)->combining_class;
        run = class ? run + 1 : 0;
        if (run > LB_IDENTIFIER_MAX_CODE_POINTS + 3)
            return false;
        utf8proc_ssize_t to = i;
        for (; class && to > 0 && classes[to - 1] > class; to--) {
            points[to] = points[to - 1];
            classes[to] = classes[to - 1];
        }
        points[to] = point;
        classes[to] = class;
    }
    return true;
}

/* NFC of `n` code points; how many, or -1 when it is too long. */
static utf8proc_ssize_t compose(const int32_t *points, utf8proc_ssize_t n, int32_t *out)
{
    utf8proc_ssize_t count = expand(points, n, NFC, out);
    if (count < 0 || !order_marks(out, count))
        return -1;
    return utf8proc_normalize_utf32(out, count, NFC);
}

/* NFC, full case folding, NFC; `out` has room for FOLD_POINTS. How many, or -1 when too long. */
static utf8proc_ssize_t fold(const int32_t *points, utf8proc_ssize_t n, int32_t *out)
{
    utf8proc_ssize_t ascii = 0;
    for (; ascii < n && points[ascii] < 0x80; ascii++)
        out[ascii] = lower((char)points[ascii]);
    if (ascii == n)
        return n;
    int32_t folded[FOLD_POINTS];
    utf8proc_ssize_t count = compose(points, n, out);
    if (count >= 0)
        count = expand(out, count, UTF8PROC_CASEFOLD, folded);
    return count < 0 ? -1 : compose(folded, count, out);
}

static size_t encode(const int32_t *points, utf8proc_ssize_t n, char *out)
{
    size_t len = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        len += (size_t)utf8proc_encode_char(points[i], (utf8proc_uint8_t *)out + len);
    return len;
}

static const char *check_point(int32_t point)
{
    if (is_white_space(point))
        return WHITE_SPACE;
    if (is_control(point))
        return CONTROL;
    if (point < 0x80)
        return strchr("/\\?#%&<>\"'@,;", point) ? FORBIDDEN : NULL;
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
        return INVISIBLE;
    default:
        return point == 0xfffd ? INVISIBLE : NULL;
    }
}

/* The rules that hold for a canonical form. */
static const char *check_points(const int32_t *points, utf8proc_ssize_t n)
{
    if (n == 0)
        return EMPTY;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        if (points[i] == '@' && i > 0)
            return E_MAIL;
        const char *reason = check_point(points[i]);
        if (reason)
            return reason;
    }
    return n > LB_IDENTIFIER_MAX_CODE_POINTS ? TOO_LONG : NULL;
}

/* Folding once is not proven to be a fixed point for every sequence of combining marks, so each
 * result is folded again. */
static bool is_stable(const int32_t *points, utf8proc_ssize_t n)
{
    int32_t again[FOLD_POINTS];
    return fold(points, n, again) == n && memcmp(points, again, (size_t)n * sizeof *points) == 0;
}

static const char *normalise_unicode(struct lb_str decoded, struct lb_identifier *out)
{
    int32_t raw[FOLD_TEXT_MAX], points[FOLD_POINTS];
    utf8proc_ssize_t n;
    const char *reason = read_points(decoded, raw, &n);
    if (reason)
        return reason;
    n = fold(raw, n, points);
    if (n < 0)
        return TOO_LONG;
    if ((reason = check_points(points, n)))
        return reason;
    out->len = (uint16_t)encode(points, n, out->text);
    out->text[out->len] = '\0';
    struct lb_str canonical = {out->text, out->len};
    if (is_bare_host(canonical))
        return HOST_ONLY;
    if (lb_str_equal(canonical, LB_STR(".")) || lb_str_equal(canonical, LB_STR("..")))
        return DOTS;
    return is_stable(points, n) ? NULL : UNSTABLE;
}

static __attribute__((noinline)) const char *normalise_any(struct lb_str raw,
                                                           struct lb_identifier *out)
{
    char decoded[4 * FOLD_TEXT_MAX];
    size_t len = 0;
    if (raw.len > LB_IDENTIFIER_RAW_MAX)
        return TOO_LONG;
    const char *reason = trim(&raw);
    if (reason)
        return reason;
    struct lb_str name;
    if ((reason = find_name(raw, &name)) ||
        (reason = decode_percent(name, decoded, sizeof decoded, &len)))
        return reason;
    name = (struct lb_str){decoded, len};
    return normalise_plain(name, out) ? NULL : normalise_unicode(name, out);
}

const char *lb_identifier_normalise(struct lb_str raw, struct lb_identifier *out)
{
    return normalise_plain(raw, out) ? NULL : normalise_any(raw, out);
}

bool lb_identifier_fold_term(struct lb_str raw, struct lb_buf *out)
{
    int32_t points[FOLD_TEXT_MAX], folded[FOLD_POINTS];
    utf8proc_ssize_t n;
    if (read_points(raw, points, &n))
        return false;
    n = fold(points, n, folded);
    if (n < 0 || !lb_buf_reserve(out, 4 * (size_t)n + 1))
        return false;
    out->len += encode(folded, n, out->ptr + out->len);
    return true;
}

const char *lb_identifier_library_version(void)
{
    return utf8proc_version();
}
