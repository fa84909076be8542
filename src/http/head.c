#include "http/head.h"

#include <endian.h>
#include <stddef.h>

#define WORD sizeof(uint64_t)
#define EACH UINT64_C(0x0101010101010101) /* one in each byte of a word */
#define HIGH UINT64_C(0x8080808080808080)

static const bool token[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1,         ['&'] = 1,         ['\''] = 1,
    ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,         ['^'] = 1,         ['_'] = 1,
    ['`'] = 1, ['|'] = 1, ['~'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

static const bool host[256] = {
    ['!'] = 1,         ['$'] = 1,         ['%'] = 1,         ['&'] = 1, ['\''] = 1, ['('] = 1,
    [')'] = 1,         ['*'] = 1,         ['+'] = 1,         ['-'] = 1, ['.'] = 1,  [':'] = 1,
    [';'] = 1,         ['='] = 1,         ['['] = 1,         [']'] = 1, ['_'] = 1,  ['~'] = 1,
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

bool lb_head_is_token(unsigned char c)
{
    return token[c];
}

/* --- scans ------------------------------------------------------------------------------------ */

/* How many bytes of the word come before the first that lies below `low` (at most 128) or is DEL; 8
 * when none is. A borrow can only mark bytes after that one. */
static size_t before_stop(const char *at, unsigned low)
{
    uint64_t word;
    memcpy(&word, at, WORD);
    word = le64toh(word);
    uint64_t below = (word - EACH * low) & ~word;
    uint64_t del = word ^ EACH * 0x7f;
    uint64_t hits = (below | ((del - EACH) & ~del)) & HIGH;
    return hits ? (size_t)__builtin_ctzll(hits) / 8 : WORD;
}

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

const char *lb_head_value_end(const char *at, const char *end)
{
    while ((size_t)(end - at) >= WORD) {
        size_t good = before_stop(at, ' ');
        at += good;
        if (good < WORD && is_control(*at))
            return at;
        at += good < WORD; /* a tab */
    }
    while (at < end && !is_control(*at))
        at++;
    return at;
}

/* The first white space or control character. */
static const char *target_end(const char *at, const char *end)
{
    while ((size_t)(end - at) >= WORD) {
        size_t good = before_stop(at, ' ' + 1);
        at += good;
        if (good < WORD)
            return at;
    }
    while (at < end && (unsigned char)*at > ' ' && *at != 0x7f)
        at++;
    return at;
}

static const char *token_end(const char *at, const char *end)
{
    while (at < end && token[(unsigned char)*at])
        at++;
    return at;
}

static struct lb_str between(const char *begin, const char *end)
{
    return (struct lb_str){begin, (size_t)(end - begin)};
}

/* In any case. `word` is of letters, digits and hyphens: of the bytes that a header holds, only the
 * other case of a letter differs from one of them in that bit alone. */
static bool is(struct lb_str text, struct lb_str word)
{
    const uint64_t other_case = EACH * 0x20;
    size_t i = 0;
    if (text.len != word.len)
        return false;
    for (; word.len - i >= WORD; i += WORD) {
        uint64_t a, b;
        memcpy(&a, text.ptr + i, WORD);
        memcpy(&b, word.ptr + i, WORD);
        if ((a ^ b) & ~other_case)
            return false;
    }
    for (; i < word.len; i++)
        if ((text.ptr[i] ^ word.ptr[i]) & ~0x20)
            return false;
    return true;
}

/* --- the request line ------------------------------------------------------------------------- */

static enum lb_head_result broken(const char **out_wrong, const char *why)
{
    *out_wrong = why;
    return LB_HEAD_BROKEN;
}

/* "HTTP/1.1" and the line's end. */
static enum lb_head_result take_version(struct lb_head *head, const char **at, const char *end,
                                        const char **out_wrong)
{
    static const char pattern[] = "HTTP/0.0\r\n"; /* 0: any digit */
    const char *text = *at;
    if ((size_t)(end - text) >= sizeof pattern - 1 &&
        memcmp(text, "HTTP/1.1\r\n", sizeof pattern - 1) == 0) {
        *at = text + sizeof pattern - 1;
        return LB_HEAD_WHOLE;
    }
    for (size_t i = 0; i < sizeof pattern - 1; i++) {
        if (text + i == end)
            return LB_HEAD_PART;
        bool right = pattern[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == pattern[i];
        if (!right)
            return broken(out_wrong, "The request line does not end with 'HTTP/1.1', a carriage "
                                     "return and a line feed.");
    }
    *at = text + sizeof pattern - 1;
    head->http10 = text[7] == '0';
    return text[5] == '1' && text[7] <= '1' ? LB_HEAD_WHOLE : LB_HEAD_OTHER_VERSION;
}

static enum lb_head_result take_request_line(struct lb_head *head, const char *at, const char *end,
                                             const char **out_wrong)
{
    const char *method = at;
    at = token_end(method, end);
    if (at == end)
        return LB_HEAD_PART;
    if (at == method || *at != ' ')
        return broken(out_wrong, "The request line is not 'METHOD TARGET VERSION' with one space "
                                 "between.");
    struct lb_str name = between(method, at);
    const char *target = ++at;
    at = target_end(target, end);
    if (at == end)
        return LB_HEAD_PART;
    if (at == target || *at != ' ')
        return broken(out_wrong, "The request target is empty, or holds white space or a control "
                                 "character.");
    struct lb_str place = between(target, at++);
    enum lb_head_result result = take_version(head, &at, end, out_wrong);
    if (result != LB_HEAD_WHOLE)
        return result;
    head->method = name;
    head->target = place;
    head->close =
        lb_str_equal(name, LB_STR("CONNECT")); /* a tunnel may come after it, no request */
    head->len += (size_t)(at - method);
    return LB_HEAD_WHOLE;
}

/* Empty lines before a request line are skipped, as RFC 9112 asks in section 2.2. */
static enum lb_head_result take_start(struct lb_head *head, const char *bytes, const char *end,
                                      const char **out_wrong)
{
    const char *at = bytes + head->len;
    while (at < end && *at == '\r') {
        if (at + 1 == end)
            return LB_HEAD_PART;
        if (at[1] != '\n')
            return broken(out_wrong, "A carriage return stands without a line feed.");
        at += 2;
        head->len += 2;
    }
    return at == end ? LB_HEAD_PART : take_request_line(head, at, end, out_wrong);
}

/* --- header lines ----------------------------------------------------------------------------- */

static const char *take_length(struct lb_head *head, struct lb_str value)
{
    if (head->has_length)
        return "More than one Content-Length header.";
    head->has_length = true;
    if (head->chunked)
        return "Content-Length together with Transfer-Encoding.";
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return "Content-Length is not a number.";
    if (value.len == 0)
        return "Content-Length is not a number.";
    if (!lb_str_to_u64(value, UINT64_MAX, &head->content_length))
        head->content_length = UINT64_MAX;
    return NULL;
}

static const char *take_coding(struct lb_head *head, struct lb_str value)
{
    if (head->chunked)
        return "More than one Transfer-Encoding header.";
    if (head->http10)
        return "HTTP/1.0 has no Transfer-Encoding.";
    if (head->has_length)
        return "Content-Length together with Transfer-Encoding.";
    head->chunked = is(value, LB_STR("chunked"));
    return head->chunked ? NULL : "The only transfer coding known here is 'chunked'.";
}

/* The characters of a host and a port (RFC 3986, section 3.2.2) but for the comma, which two Host
 * lines that were joined would have. An empty one is allowed. */
static const char *take_host(struct lb_head *head, struct lb_str value)
{
    if (head->has_host)
        return "More than one Host header.";
    head->has_host = true;
    for (size_t i = 0; i < value.len; i++)
        if (!host[(unsigned char)value.ptr[i]])
            return "The Host header is not a host and a port.";
    return NULL;
}

static void take_connection(struct lb_head *head, struct lb_str value)
{
    const char *end = value.ptr + value.len;
    for (const char *at = value.ptr; at < end;) {
        const char *option = at;
        at = token_end(at, end);
        head->close |= is(between(option, at), LB_STR("close"));
        head->keep_alive |= is(between(option, at), LB_STR("keep-alive"));
        at += at < end; /* a comma or white space */
    }
}

/* What the line says about the framing of the request. */
static const char *take_meaning(struct lb_head *head, struct lb_str name, struct lb_str value)
{
    switch (name.len) {
    case 4:
        return is(name, LB_STR("host")) ? take_host(head, value) : NULL;
    case 6:
        if (is(name, LB_STR("expect")))
            head->expects_continue |= !head->http10 && is(value, LB_STR("100-continue"));
        return NULL;
    case 10:
        if (is(name, LB_STR("connection")))
            take_connection(head, value);
        return NULL;
    case 14:
        return is(name, LB_STR("content-length")) ? take_length(head, value) : NULL;
    case 17:
        return is(name, LB_STR("transfer-encoding")) ? take_coding(head, value) : NULL;
    default:
        return NULL;
    }
}

static struct lb_str trimmed(const char *begin, const char *end)
{
    while (begin < end && (*begin == ' ' || *begin == '\t'))
        begin++;
    while (begin < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return between(begin, end);
}

static uint64_t bit_of(struct lb_str name)
{
    return UINT64_C(1) << name.len % 64;
}

/* One header line; LB_HEAD_WHOLE when it was taken. */
static enum lb_head_result take_line(struct lb_head *head, const char *line, const char *end,
                                     const char **out_wrong)
{
    const char *at = token_end(line, end);
    if (at == end)
        return LB_HEAD_PART;
    if (at == line || *at != ':')
        return broken(out_wrong, "A header line has no name followed by a colon, or its name holds "
                                 "white space or another character that is not allowed there.");
    const char *value = at + 1;
    const char *value_end = lb_head_value_end(value, end);
    if (value_end == end)
        return LB_HEAD_PART;
    if (*value_end != '\r')
        return broken(out_wrong, "A header value holds a control character, or its line ends "
                                 "without a carriage return.");
    if (value_end + 1 == end)
        return LB_HEAD_PART;
    if (value_end[1] != '\n')
        return broken(out_wrong, "A carriage return stands without a line feed.");
    if (head->count == LB_HEAD_LINES_MAX)
        return LB_HEAD_TOO_LARGE;
    struct lb_head_line *taken = &head->lines[head->count++];
    *taken = (struct lb_head_line){between(line, at), trimmed(value, value_end)};
    head->name_lengths |= bit_of(taken->name);
    head->len += (size_t)(value_end + 2 - line);
    const char *wrong = take_meaning(head, taken->name, taken->value);
    return wrong ? broken(out_wrong, wrong) : LB_HEAD_WHOLE;
}

/* The blank line at the end. */
static enum lb_head_result take_end(struct lb_head *head, const char *at, const char *end,
                                    const char **out_wrong)
{
    if (at + 1 == end)
        return LB_HEAD_PART;
    if (at[1] != '\n')
        return broken(out_wrong, "A carriage return stands without a line feed.");
    if (!head->http10 && !head->has_host)
        return broken(out_wrong, "HTTP/1.1 needs a Host header.");
    head->len += 2;
    return LB_HEAD_WHOLE;
}

/* --- all of it -------------------------------------------------------------------------------- */

void lb_head_start(struct lb_head *head)
{
    memset(head, 0, offsetof(struct lb_head, lines));
}

enum lb_head_result lb_head_parse(struct lb_head *head, const char *bytes, size_t len,
                                  const char **out_wrong)
{
    const char *end = bytes + len;
    enum lb_head_result result = LB_HEAD_WHOLE;
    if (!head->method.len)
        result = take_start(head, bytes, end, out_wrong);
    while (result == LB_HEAD_WHOLE) {
        const char *at = bytes + head->len;
        if (at == end)
            return LB_HEAD_PART;
        if (*at == '\r')
            return take_end(head, at, end, out_wrong);
        result = take_line(head, at, end, out_wrong);
    }
    return result;
}

struct lb_str lb_head_next(const struct lb_head *head, struct lb_str name, unsigned *at)
{
    if (!(head->name_lengths & bit_of(name)))
        return (struct lb_str){NULL, 0};
    while (*at < head->count) {
        const struct lb_head_line *line = &head->lines[(*at)++];
        if (is(line->name, name))
            return line->value;
    }
    return (struct lb_str){NULL, 0};
}

struct lb_str lb_head_find(const struct lb_head *head, struct lb_str name)
{
    unsigned at = 0;
    return lb_head_next(head, name, &at);
}
