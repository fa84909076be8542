#include "import/addresses.h"

#include "import/rows.h"

#include <strings.h>

/* Where there is no slash there is no address. In a long text only so many bytes are looked at for
 * one, or each address of many would look at all the rest. */
#define SLASH_NEAR LB_IDENTIFIER_RAW_MAX

static const char SITE[] = "linkedin.com";

static bool begins(struct lb_str text, size_t at, const char *word)
{
    size_t len = strlen(word);
    return text.len - at >= len && strncasecmp(text.ptr + at, word, len) == 0;
}

static bool begins_http(struct lb_str text, size_t at)
{
    return begins(text, at, "http:") || begins(text, at, "https:");
}

static bool is_host_byte(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
           c == '.';
}

/* Does linkedin.com with a path stand at `at`? `*start` is where its sub-domains begin, though not
 * before `from`. */
static bool begins_site(struct lb_str text, size_t at, size_t from, size_t *start)
{
    size_t after = at + sizeof SITE - 1;
    if (!begins(text, at, SITE))
        return false;
    while (after < text.len && (text.ptr[after] == '.' || text.ptr[after] == ':' ||
                                (text.ptr[after] >= '0' && text.ptr[after] <= '9')))
        after++;
    if (after == text.len || text.ptr[after] != '/')
        return false;
    while (at > from && is_host_byte(text.ptr[at - 1]))
        at--;
    bool user = at > from && text.ptr[at - 1] == '@';
    while (text.ptr[at] == '-' || text.ptr[at] == '.') /* of a list, or an ellipsis */
        at++;
    *start = at;
    return !user;
}

static size_t find_start(struct lb_str text)
{
    size_t start;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)(text.ptr[i] | 0x20);
        if (c == 'h' && begins_http(text, i))
            return i;
        if (c == 'l' && begins_site(text, i, 0, &start))
            return start;
    }
    return text.len;
}

/* Brackets and marks around an address; white space ends it, too, and what separates fields. */
static const bool ENDS[128] = {
    ['"'] = true, ['\''] = true, ['<'] = true, ['>'] = true, ['('] = true, [')'] = true,
    ['['] = true, [']'] = true,  ['{'] = true, ['}'] = true, ['|'] = true, ['`'] = true,
};

static bool ends_address(struct lb_str text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];
    if (c < 0x80 && (ENDS[c] || (c >= 0x1b && c <= 0x1f)))
        return true;
    return lb_import_space_length((struct lb_str){text.ptr + at, text.len - at}, false) != 0;
}

/* In a string of a program, \n and the like are white space, too. */
static bool is_escaped_space(struct lb_str text, size_t at)
{
    return text.ptr[at] == '\\' && at + 1 < text.len && memchr("nrt", text.ptr[at + 1], 3);
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static size_t find_end(struct lb_str text, size_t start)
{
    size_t end = start;
    while (end < text.len && !ends_address(text, end) && !is_escaped_space(text, end) &&
           !(end > start && (text.ptr[end] | 0x20) == 'h' && begins_http(text, end)))
        end++;
    /* At its end they are no part of it; within it they make it no address of a person. */
    while (end > start && is_control(text.ptr[end - 1]))
        end--;
    return end;
}

/* Is there a slash among so many bytes of the text? */
static bool has_slash(struct lb_str text, size_t bytes)
{
    return memchr(text.ptr, '/', bytes < text.len ? bytes : text.len) != NULL;
}

/* The same percent-encoded, once or more often: %2F, %252F. */
static bool has_encoded_slash(struct lb_str text)
{
    const char *at;
    while (text.len && (at = memchr(text.ptr, '%', text.len))) {
        text = lb_str_skip(text, (size_t)(at + 1 - text.ptr));
        while (begins(text, 0, "25"))
            text = lb_str_skip(text, 2);
        if (begins(text, 0, "2f"))
            return true;
    }
    return false;
}

bool lb_import_next_address(struct lb_str *rest, struct lb_str *out)
{
    bool found = false;
    if (rest->len <= SLASH_NEAR && !has_slash(*rest, rest->len) && !has_encoded_slash(*rest))
        return false;
    while (!found) {
        size_t start = find_start(*rest);
        if (start == rest->len)
            return false;
        size_t end = find_end(*rest, start);
        *out = (struct lb_str){rest->ptr + start, end - start};
        found = has_slash(*rest, end) || has_encoded_slash(*out) ||
                has_slash(lb_str_skip(*rest, end), SLASH_NEAR);
        *rest = lb_str_skip(*rest, end);
    }
    /* In a string of a program the mark that ends it is written \". */
    while (out->len && rest->len && rest->ptr[0] == '"' && out->ptr[out->len - 1] == '\\')
        out->len--;
    return true;
}

bool lb_import_is_linkedin(struct lb_str address)
{
    size_t at = begins(address, 0, "http:") ? 5 : begins(address, 0, "https:") ? 6 : 0;
    while (at < address.len && (address.ptr[at] == '/' || address.ptr[at] == '\\'))
        at++;
    size_t host = at;
    while (at < address.len && is_host_byte(address.ptr[at]))
        at++;
    while (at > host && address.ptr[at - 1] == '.')
        at--;
    size_t len = sizeof SITE - 1;
    return at - host >= len && begins(address, at - len, SITE) &&
           (at - host == len || address.ptr[at - len - 1] == '.');
}

/* In a string of a program a slash may be written \/, as PHP writes all of them in JSON. */
static struct lb_str without_escapes(struct lb_str address, char memory[LB_IDENTIFIER_RAW_MAX])
{
    size_t len = 0;
    if (address.len > LB_IDENTIFIER_RAW_MAX || !memmem(address.ptr, address.len, "\\/", 2))
        return address;
    for (size_t i = 0; i < address.len; i++)
        if (address.ptr[i] != '\\' || i + 1 == address.len || address.ptr[i + 1] != '/')
            memory[len++] = address.ptr[i];
    return (struct lb_str){memory, len};
}

const char *lb_import_person(struct lb_str address, struct lb_identifier *out,
                             enum lb_import_name_kind *out_kind)
{
    char memory[LB_IDENTIFIER_RAW_MAX];
    address = without_escapes(address, memory);
    const char *reason = lb_identifier_normalise(address, out);
    if (reason)
        return reason;
    if (out->bare)
        return "is not the address of a profile; give one of the form "
               "https://www.linkedin.com/in/...";
    *out_kind = LB_IMPORT_NAME;
    if (memmem(address.ptr, address.len, "/sales/", 7))
        *out_kind = LB_IMPORT_SALES_ID;
    else if (lb_identifier_is_member_id((struct lb_str){out->text, out->len}))
        *out_kind = LB_IMPORT_MEMBER_ID;
    return NULL;
}
