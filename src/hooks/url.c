#include "hooks/guard.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>

/* What no URL needs, and programs read in different ways. */
static bool is_plain(struct lb_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\\\"<>^`{|}", c))
            return false;
    }
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Would a resolver take it for an IPv4 address in one of the old spellings, such as 0x7f.1? Source:
 * the URL standard of the WHATWG, "ends in a number". */
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *last = dot ? dot + 1 : host;
    if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
        return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
    return *last && last[strspn(last, "0123456789")] == '\0';
}

/* A literal in brackets. */
static lb_err read_v6(char *host, struct lb_hook_url *out, struct lb_reason *reason)
{
    size_t len = strlen(host);
    if (host[len - 1] == ']')
        host[len - 1] = '\0';
    if (inet_pton(AF_INET6, host + 1, &out->address) != 1)
        return lb_fail(reason, LB_ERR_INVALID_BODY, "The URL's IPv6 address is invalid.");
    out->literal = true;
    inet_ntop(AF_INET6, &out->address, out->host, sizeof out->host);
    return LB_OK;
}

static lb_err read_host(const char *given, char *host, struct lb_hook_url *out,
                        struct lb_reason *reason)
{
    if (host[0] == '[')
        return read_v6(host, out, reason);
    size_t len = strlen(host);
    for (size_t i = 0; i < len; i++) {
        if (host[i] >= 'A' && host[i] <= 'Z')
            host[i] = (char)(host[i] | 0x20);
        if (!is_name_char(host[i]))
            return lb_fail(reason, LB_ERR_INVALID_BODY,
                           "The URL's host is invalid. Write international names as xn--...");
    }
    if (len == 0 || host[0] == '.' || host[len - 1] == '.' || strstr(host, "..") ||
        !lb_str_copy(lb_str(host), out->host, sizeof out->host))
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "The URL's host is invalid: it begins or ends with a dot, or is too long.");
    struct in_addr v4;
    out->literal = inet_pton(AF_INET, host, &v4) == 1;
    /* libcurl has put other spellings right already; what was sent decides. */
    if (ends_in_number(host) && (!out->literal || !strstr(given, host)))
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "The URL's host is invalid. Write IPv4 addresses as four numbers.");
    if (out->literal) {
        memset(&out->address, 0, sizeof out->address);
        memset(&out->address.s6_addr[10], 0xff, 2);
        memcpy(&out->address.s6_addr[12], &v4, 4);
    }
    return LB_OK;
}

/* The parts, as libcurl sees them. */
static lb_err read_parts(CURLU *url, const char *given, struct lb_hook_url *out,
                         struct lb_reason *reason)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL, *zone = NULL;
    lb_err err = LB_ERR_INVALID_BODY;
    uint64_t number = 0;
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ||
        !lb_str_to_u64(lb_str(port), UINT16_MAX, &number) || number == 0)
        lb_fail(reason, err, "The URL is invalid. Send one such as https://example.com/hooks/1.");
    else if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
        lb_fail(reason, err, "The URL must not contain a user name or password.");
    else if (curl_url_get(url, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK)
        lb_fail(reason, err, "The URL's IPv6 address must not have a zone.");
    else
        err = read_host(given, host, out, reason);
    if (!err) {
        out->https = strcmp(scheme, "https") == 0;
        out->port = (unsigned)number;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_free(zone);
    return err;
}

static lb_err judge(const struct lb_guard *guard, const struct lb_hook_url *url,
                    struct lb_reason *reason)
{
    const char *what = url->literal ? lb_guard_judge(guard, &url->address, url->port, url->https)
                                    : lb_guard_judge_name(guard, url->port);
    if (what)
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "The URL's host %s is %s. Use a public https address; the operator can "
                       "allow others with hooks-allow.",
                       url->host, what);
    if (!url->https && !guard->own_count)
        return lb_fail(reason, LB_ERR_INVALID_BODY, "The URL must begin with https://.");
    return LB_OK;
}

lb_err lb_hook_url_read(const struct lb_guard *guard, struct lb_str text, struct lb_hook_url *out,
                        struct lb_reason *reason)
{
    char copy[LB_HOOK_URL_SIZE];
    if (text.len == 0 || !is_plain(text) || !lb_str_copy(text, copy, sizeof copy))
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "\"url\" must be a URL of at most %d printable ASCII characters, such as "
                       "https://example.com/hooks/1.",
                       LB_HOOK_URL_SIZE - 1);
    size_t prefix = strncasecmp(copy, "https://", 8) == 0  ? 8
                    : strncasecmp(copy, "http://", 7) == 0 ? 7
                                                           : 0;
    size_t authority = prefix + strcspn(copy + prefix, "/?#");
    if (!prefix || memchr(copy + prefix, '%', authority - prefix) || copy[prefix] == '/')
        return lb_fail(reason, LB_ERR_INVALID_BODY,
                       "The URL must begin with https:// and a plain host name.");
    CURLU *url = curl_url();
    if (!url)
        return lb_fail(reason, LB_ERR_OVERLOADED, "The server is out of memory.");
    *out = (struct lb_hook_url){0};
    lb_err err = LB_ERR_INVALID_BODY;
    if (curl_url_set(url, CURLUPART_URL, copy, CURLU_DISALLOW_USER | CURLU_PATH_AS_IS))
        lb_fail(reason, err,
                "The URL is invalid, or contains a user name. Send one such as "
                "https://example.com/hooks/1.");
    else
        err = read_parts(url, copy, out, reason);
    curl_url_cleanup(url);
    return err ? err : judge(guard, out, reason);
}
