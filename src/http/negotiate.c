#include "http/negotiate.h"

#include <strings.h>

static struct lb_str trim(struct lb_str text)
{
    while (text.len && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Takes what is before the next `separator` off the front of `rest`. */
static struct lb_str take(struct lb_str *rest, char separator)
{
    struct lb_str all = *rest;
    const char *at = all.len ? memchr(all.ptr, separator, all.len) : NULL;
    size_t len = at ? (size_t)(at - all.ptr) : all.len;
    size_t used = at ? len + 1 : len;
    *rest = (struct lb_str){all.ptr ? all.ptr + used : NULL, all.len - used};
    return trim((struct lb_str){all.ptr, len});
}

static bool equals(struct lb_str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

/* Is it a weight ("q=0.5") above 0? Up to three decimals, only zeros after a 1. */
static bool is_positive_weight(struct lb_str text)
{
    if (text.len < 3 || text.len > 7 || (*text.ptr | 0x20) != 'q' || text.ptr[1] != '=' ||
        (text.len > 3 && text.ptr[3] != '.'))
        return false;
    bool one = text.ptr[2] == '1';
    bool positive = one;
    if (!one && text.ptr[2] != '0')
        return false;
    for (size_t i = 4; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > (one ? '0' : '9'))
            return false;
        positive |= text.ptr[i] != '0';
    }
    return positive;
}

bool lb_negotiate_gzip(struct lb_str accept_encoding)
{
    bool any = false;
    bool named = false;
    bool gzip = false;
    while (accept_encoding.len) {
        struct lb_str item = take(&accept_encoding, ',');
        struct lb_str coding = take(&item, ';');
        struct lb_str weight = trim(item);
        bool allowed = !weight.len || is_positive_weight(weight);
        if (equals(coding, "gzip") || equals(coding, "x-gzip")) {
            gzip = allowed && (gzip || !named); /* named twice: the stricter one counts */
            named = true;
        } else if (equals(coding, "*")) {
            any = allowed;
        }
    }
    return named ? gzip : any;
}

bool lb_negotiate_type(struct lb_str accept, const char *type)
{
    while (accept.len) {
        struct lb_str item = take(&accept, ',');
        struct lb_str name = take(&item, ';');
        struct lb_str weight = trim(item);
        if (equals(name, type))
            return weight.len < 2 || (*weight.ptr | 0x20) != 'q' || is_positive_weight(weight);
    }
    return false;
}

bool lb_negotiate_match(struct lb_str if_none_match, struct lb_str etag)
{
    while (if_none_match.len) {
        struct lb_str item = take(&if_none_match, ','); /* our tags hold no comma */
        if (item.len > 2 && item.ptr[0] == 'W' && item.ptr[1] == '/')
            item = (struct lb_str){item.ptr + 2, item.len - 2};
        if (lb_str_equal(item, etag) || equals(item, "*"))
            return true;
    }
    return false;
}

/* Takes the next preference off a list such as `respond-async, handling="lenient"; x=1`, without
 * its parameters. */
static bool take_preference(struct lb_str *rest, struct lb_str *out)
{
    if (rest->len == 0)
        return false;
    bool quoted = false;
    size_t end = 0;
    while (end < rest->len && (quoted || rest->ptr[end] != ','))
        quoted ^= rest->ptr[end++] == '"';
    const char *parameters = memchr(rest->ptr, ';', end);
    *out = (struct lb_str){rest->ptr, parameters ? (size_t)(parameters - rest->ptr) : end};
    size_t used = end < rest->len ? end + 1 : end;
    rest->ptr += used;
    rest->len -= used;
    return true;
}

/* Without white space and quotation marks, which have no meaning in what we look for. */
static bool equals_squeezed(struct lb_str text, const char *wanted)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '\t' || c == '"')
            continue;
        if (*wanted == '\0' || (c >= 'A' && c <= 'Z' ? c + 32 : c) != *wanted)
            return false;
        wanted++;
    }
    return *wanted == '\0';
}

bool lb_negotiate_prefers(struct lb_str prefer, const char *preference)
{
    struct lb_str one;
    while (take_preference(&prefer, &one)) {
        if (equals_squeezed(one, preference))
            return true;
    }
    return false;
}
