#include "daemon/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The host that this machine itself uses to reach a server that listens on every address (0.0.0.0,
 * [::], *). NULL when the host is a single address. */
static const char *own_of_every(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (!*host || strcmp(host, "*") == 0 || (inet_aton(host, &v4) && v4.s_addr == INADDR_ANY))
        return "127.0.0.1";
    char bare[INET6_ADDRSTRLEN];
    size_t len = strlen(host);
    if (host[0] == '[' && len > 2 &&
        lb_str_copy((struct lb_str){host + 1, len - 2}, bare, sizeof bare) &&
        inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6))
        return "[::1]";
    return NULL;
}

/* The host of a setting `listen`. Returns its port with the colon, "" when it has none. */
static const char *host_of(const char *listen, char *out, size_t size)
{
    const char *colon = strrchr(listen, ':');
    struct lb_str host = {listen, colon ? (size_t)(colon - listen) : strlen(listen)};
    if (!lb_str_copy(host, out, size)) /* then it cannot be listened on */
        lb_str_copy(LB_STR("?"), out, size);
    return colon ? colon : "";
}

bool lb_address_links_lead_here_alone(const struct lb_config *config)
{
    char host[256] = "";
    host_of(config->listen, host, sizeof host);
    return config->dashboard && !*config->public_url && own_of_every(host);
}

/* With the port that was really bound; a command's own server has none. */
static void format_url(const struct lb_parts *parts, char *out, size_t size)
{
    char host[256] = "";
    const char *port = host_of(parts->config.listen, host, sizeof host);
    const char *own = own_of_every(host);
    if (parts->local)
        snprintf(out, size, "http://%s%s", own ? own : host, port);
    else
        snprintf(out, size, "http://%s:%u", own ? own : host, lb_server_port(parts->app.server));
}

/* http or https, a host, and nothing that could end a header or a line of a log. */
static bool is_address(struct lb_str url, bool *out_secure)
{
    static const char plain[] = "http://";
    static const char secure[] = "https://";
    *out_secure = url.len > sizeof secure - 1 && memcmp(url.ptr, secure, sizeof secure - 1) == 0;
    if (!*out_secure &&
        !(url.len > sizeof plain - 1 && memcmp(url.ptr, plain, sizeof plain - 1) == 0))
        return false;
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= ' ' || strchr("\"<>\\#?\x7f", url.ptr[i]))
            return false;
    return true;
}

lb_err lb_address_set(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_app *app = &parts->app;
    format_url(parts, parts->url, sizeof parts->url);
    struct lb_str url = lb_str(parts->config.public_url);
    if (url.len == 0)
        url = lb_str(parts->url);
    while (url.len && url.ptr[url.len - 1] == '/')
        url.len--;
    if (is_address(url, &app->secure_cookies) &&
        lb_str_copy(url, app->public_url, sizeof app->public_url))
        return LB_OK;
    return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                   "--public-url: '%.100s' is no address such as https://leadblock.example.com",
                   parts->config.public_url);
}
