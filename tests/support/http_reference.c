#include "support/http_reference.h"

#include <stdlib.h>
#include <string.h>

/* Characters (RFC 5234, appendix B.1; RFC 9110, sections 5.5 and 5.6) */

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int hex_value(unsigned char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static bool is_one_of(unsigned char c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static bool is_tchar(unsigned char c)
{
    return is_digit(c) || is_alpha(c) || is_one_of(c, "!#$%&'*+-.^_`|~");
}

/* HTAB, SP, VCHAR and obs-text. */
static bool is_text(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static bool is_ows(unsigned char c)
{
    return c == ' ' || c == '\t';
}

/* What a target may hold: not its grammar, which is the router's business. */
static bool is_target_char(unsigned char c)
{
    return c > 0x20 && c != 0x7f;
}

/* unreserved, sub-delims, "%" and what IP literals and ports need (RFC 3986, section 3.2.2), but no
 * comma: two Host lines that were joined have one. */
static bool is_host_char(unsigned char c)
{
    return is_digit(c) || is_alpha(c) || is_one_of(c, "-._~!$&'()*+;=%:[]");
}

static bool all_are(struct lb_str text, bool (*is)(unsigned char))
{
    for (size_t i = 0; i < text.len; i++)
        if (!is((unsigned char)text.ptr[i]))
            return false;
    return true;
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

static bool same(struct lb_str text, const char *other)
{
    if (text.len != strlen(other))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (lower((unsigned char)text.ptr[i]) != lower((unsigned char)other[i]))
            return false;
    return true;
}

static struct lb_str trimmed(struct lb_str text)
{
    while (text.len > 0 && is_ows((unsigned char)text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_ows((unsigned char)text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* The index of the first `c` of the text, or its length. */
static size_t find(struct lb_str text, char c)
{
    size_t at = 0;
    while (at < text.len && text.ptr[at] != c)
        at++;
    return at;
}

static struct lb_str part(struct lb_str text, size_t from, size_t to)
{
    return (struct lb_str){text.ptr + from, to - from};
}

/* The list of RFC 9110, section 5.6.1: is `word` one of its elements? */
static bool list_has(struct lb_str list, const char *word)
{
    size_t from = 0;
    while (from <= list.len) {
        struct lb_str rest = part(list, from, list.len);
        size_t comma = find(rest, ',');
        if (same(trimmed(part(rest, 0, comma)), word))
            return true;
        from += comma + 1;
    }
    return false;
}

static bool list_is_of_tokens(struct lb_str list)
{
    size_t from = 0;
    while (from <= list.len) {
        struct lb_str rest = part(list, from, list.len);
        size_t comma = find(rest, ',');
        if (!all_are(trimmed(part(rest, 0, comma)), is_tchar))
            return false;
        from += comma + 1;
    }
    return true;
}

/* Request line (RFC 9112, section 3) */

static enum lb_head_result read_version(struct ref_head *out, struct lb_str text)
{
    if (text.len != 8 || memcmp(text.ptr, "HTTP/", 5) != 0 ||
        !is_digit((unsigned char)text.ptr[5]) || text.ptr[6] != '.' ||
        !is_digit((unsigned char)text.ptr[7]))
        return LB_HEAD_BROKEN;
    if (text.ptr[5] != '1' || (text.ptr[7] != '0' && text.ptr[7] != '1'))
        return LB_HEAD_OTHER_VERSION;
    out->http10 = text.ptr[7] == '0';
    return LB_HEAD_PART;
}

static enum lb_head_result read_request_line(struct ref_head *out, struct lb_str line)
{
    size_t first = find(line, ' ');
    if (first == line.len)
        return LB_HEAD_BROKEN;
    struct lb_str rest = part(line, first + 1, line.len);
    size_t second = find(rest, ' ');
    if (second == rest.len)
        return LB_HEAD_BROKEN;
    out->method = part(line, 0, first);
    out->target = part(rest, 0, second);
    if (out->method.len == 0 || !all_are(out->method, is_tchar) || out->target.len == 0 ||
        !all_are(out->target, is_target_char))
        return LB_HEAD_BROKEN;
    /* RFC 9110, section 9.3.6: what comes after CONNECT is not HTTP. */
    out->close = out->method.len == 7 && memcmp(out->method.ptr, "CONNECT", 7) == 0;
    return read_version(out, part(rest, second + 1, rest.len));
}

/* Header lines (RFC 9112, sections 5 and 6) */

static bool read_content_length(struct ref_head *out, struct lb_str value)
{
    if (out->has_length || out->chunked || value.len == 0 || !all_are(value, is_digit))
        return false;
    out->has_length = true;
    for (size_t i = 0; i < value.len; i++) {
        uint64_t digit = (uint64_t)(value.ptr[i] - '0');
        if (out->content_length > (UINT64_MAX - digit) / 10)
            out->content_length = UINT64_MAX;
        else
            out->content_length = out->content_length * 10 + digit;
        if (out->content_length == UINT64_MAX)
            break;
    }
    return true;
}

static bool read_transfer_encoding(struct ref_head *out, struct lb_str value)
{
    if (out->http10 || out->chunked || out->has_length || !same(value, "chunked"))
        return false;
    out->chunked = true;
    return true;
}

static bool read_host(struct ref_head *out, struct lb_str value)
{
    if (out->has_host || !all_are(value, is_host_char))
        return false;
    out->has_host = true;
    return true;
}

/* What the line says about framing; false when it must be refused. */
static bool use_line(struct ref_head *out, const struct ref_line *line)
{
    if (same(line->name, "Content-Length"))
        return read_content_length(out, line->value);
    if (same(line->name, "Transfer-Encoding"))
        return read_transfer_encoding(out, line->value);
    if (same(line->name, "Host"))
        return read_host(out, line->value);
    if (same(line->name, "Expect") && !out->http10 && same(line->value, "100-continue"))
        out->expects_continue = true;
    if (same(line->name, "Connection")) {
        if (!list_is_of_tokens(line->value))
            out->has_odd_options = true;
        if (list_has(line->value, "close"))
            out->close = true;
        if (list_has(line->value, "keep-alive"))
            out->keep_alive = true;
    }
    return true;
}

static bool split_line(struct lb_str line, struct ref_line *out)
{
    size_t colon = find(line, ':');
    if (colon == line.len)
        return false;
    out->name = part(line, 0, colon);
    out->value = trimmed(part(line, colon + 1, line.len));
    return out->name.len > 0 && all_are(out->name, is_tchar) && all_are(out->value, is_text);
}

static enum lb_head_result read_header_line(struct ref_head *out, struct lb_str line)
{
    struct ref_line split;
    if (!split_line(line, &split))
        return LB_HEAD_BROKEN;
    if (out->count == LB_HEAD_LINES_MAX)
        return LB_HEAD_TOO_LARGE;
    out->lines[out->count++] = split;
    return use_line(out, &split) ? LB_HEAD_PART : LB_HEAD_BROKEN;
}

void ref_head_read(struct ref_head *out, const char *bytes, size_t len)
{
    *out = (struct ref_head){.result = LB_HEAD_PART};
    bool has_request_line = false;
    size_t from = 0;
    while (out->result == LB_HEAD_PART) {
        struct lb_str rest = {bytes + from, len - from};
        size_t line_feed = find(rest, '\n');
        if (line_feed == rest.len)
            return;
        from += line_feed + 1;
        out->len = from;
        if (line_feed == 0 || rest.ptr[line_feed - 1] != '\r') {
            out->result = LB_HEAD_BROKEN;
            return;
        }
        struct lb_str line = part(rest, 0, line_feed - 1);
        if (has_request_line && line.len == 0) {
            out->result = out->http10 || out->has_host ? LB_HEAD_WHOLE : LB_HEAD_BROKEN;
        } else if (has_request_line) {
            out->result = read_header_line(out, line);
        } else if (line.len > 0) {
            out->result = read_request_line(out, line);
            has_request_line = true;
        }
    }
}

/* Bodies (RFC 9112, sections 6.2 and 7.1) */

struct ref_reader {
    const char *bytes;
    size_t len, at;
    size_t extra;
    bool broken, short_of; /* the input is wrong, or ends too early */
};

/* The next byte, if it is one of those that may come; -1 and a flag otherwise. */
static int take(struct ref_reader *in, bool (*may_come)(unsigned char))
{
    if (in->at == in->len) {
        in->short_of = true;
        return -1;
    }
    unsigned char c = (unsigned char)in->bytes[in->at];
    if (!may_come(c)) {
        in->broken = true;
        return -1;
    }
    in->at++;
    return c;
}

static bool is_cr(unsigned char c)
{
    return c == '\r';
}

static bool is_lf(unsigned char c)
{
    return c == '\n';
}

static bool is_hex(unsigned char c)
{
    return hex_value(c) >= 0;
}

static bool is_hex_or_end(unsigned char c)
{
    return is_hex(c) || c == ';' || c == '\r';
}

static bool is_end_of_size(unsigned char c)
{
    return c == ';' || c == '\r';
}

static bool is_text_or_cr(unsigned char c)
{
    return is_text(c) || c == '\r';
}

static bool is_tchar_or_colon(unsigned char c)
{
    return is_tchar(c) || c == ':';
}

static bool is_tchar_or_cr(unsigned char c)
{
    return is_tchar(c) || c == '\r';
}

/* Each byte of an extension after its semicolon and of the trailer section, but for line feeds. */
static void count_extra(struct ref_reader *in)
{
    in->extra++;
    if (in->extra > LB_BODY_EXTRA_MAX)
        in->broken = true;
}

static bool going(const struct ref_reader *in)
{
    return !in->broken && !in->short_of;
}

/* Up to and with the CR LF. */
static void take_text_line(struct ref_reader *in)
{
    while (going(in)) {
        int c = take(in, is_text_or_cr);
        if (c >= 0)
            count_extra(in);
        if (c == '\r' && going(in)) {
            take(in, is_lf);
            return;
        }
    }
}

/* The line with the size of a chunk: one to 15 digits, so that no number is too large. */
static uint64_t take_size_line(struct ref_reader *in)
{
    uint64_t size = 0;
    int c = take(in, is_hex);
    for (unsigned digits = 1; c >= 0 && is_hex((unsigned char)c); digits++) {
        size = size * 16 + (uint64_t)hex_value((unsigned char)c);
        c = take(in, digits < 15 ? is_hex_or_end : is_end_of_size);
    }
    if (c == '\r')
        take(in, is_lf);
    if (c == ';')
        take_text_line(in);
    return size;
}

/* Field lines, then an empty line. */
static void take_trailers(struct ref_reader *in)
{
    while (going(in)) {
        int c = take(in, is_tchar_or_cr);
        if (c >= 0)
            count_extra(in);
        if (c == '\r' && going(in)) {
            take(in, is_lf);
            return;
        }
        while (going(in) && c != ':') {
            c = take(in, is_tchar_or_colon);
            if (c >= 0)
                count_extra(in);
        }
        if (going(in))
            take_text_line(in);
    }
}

static void take_data(struct ref_reader *in, uint64_t size, struct ref_body *out)
{
    while (size > 0 && in->at < in->len) {
        out->data[out->data_len++] = in->bytes[in->at++];
        size--;
    }
    if (size > 0)
        in->short_of = true;
}

static void take_chunks(struct ref_reader *in, struct ref_body *out)
{
    while (going(in)) {
        uint64_t size = take_size_line(in);
        if (!going(in))
            return;
        if (size == 0) {
            take_trailers(in);
            return;
        }
        take_data(in, size, out);
        if (going(in))
            take(in, is_cr);
        if (going(in))
            take(in, is_lf);
    }
}

void ref_body_read(struct ref_body *out, bool chunked, uint64_t content_length, const char *bytes,
                   size_t len)
{
    *out = (struct ref_body){.data = malloc(len + 1)};
    if (!out->data)
        abort();
    struct ref_reader in = {.bytes = bytes, .len = len};
    if (chunked)
        take_chunks(&in, out);
    else
        take_data(&in, content_length, out);
    out->taken = in.at;
    out->result = in.broken ? LB_BODY_BROKEN : in.short_of ? LB_BODY_PART : LB_BODY_WHOLE;
}
