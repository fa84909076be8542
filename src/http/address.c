#include "http/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void map_v4(const void *v4, struct in6_addr *out)
{
    memcpy(out->s6_addr, mapped_prefix, sizeof mapped_prefix);
    memcpy(out->s6_addr + sizeof mapped_prefix, v4, 4);
}

static bool parse_ip(struct lb_str text, struct in6_addr *out, bool *out_v4)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (text.len == 0 || memchr(text.ptr, '\0', text.len) || !lb_str_copy(text, copy, sizeof copy))
        return false;
    *out_v4 = inet_pton(AF_INET, copy, &v4) == 1;
    if (*out_v4)
        map_v4(&v4, out);
    return *out_v4 || inet_pton(AF_INET6, copy, out) == 1;
}

bool lb_cidr_parse(const char *text, struct lb_cidr *out)
{
    struct lb_str address = lb_str(text);
    struct lb_cidr cidr;
    bool v4;
    const char *slash = strchr(text, '/');
    if (slash)
        address.len = (size_t)(slash - text);
    if (!parse_ip(address, &cidr.address, &v4))
        return false;
    uint64_t bits = v4 ? 32 : 128;
    if (slash && !lb_str_to_u64(lb_str(slash + 1), bits, &bits))
        return false;
    cidr.bits = (unsigned)bits + (v4 ? 96 : 0);
    *out = cidr;
    return true;
}

bool lb_cidr_contains(const struct lb_cidr *cidr, const struct in6_addr *address)
{
    unsigned bytes = cidr->bits / 8;
    unsigned rest = cidr->bits % 8;
    if (memcmp(cidr->address.s6_addr, address->s6_addr, bytes) != 0)
        return false;
    unsigned char mask = (unsigned char)(0xff00 >> rest);
    return rest == 0 || ((cidr->address.s6_addr[bytes] ^ address->s6_addr[bytes]) & mask) == 0;
}

bool lb_address_trusted(const struct lb_cidr *trusted, size_t count, const struct in6_addr *address)
{
    for (size_t i = 0; i < count; i++)
        if (lb_cidr_contains(&trusted[i], address))
            return true;
    return false;
}

void lb_address_of_peer(const struct sockaddr *peer, struct in6_addr *out)
{
    if (peer && peer->sa_family == AF_INET)
        map_v4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr, out);
    else if (peer && peer->sa_family == AF_INET6)
        *out = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    else
        *out = in6addr_loopback;
}

/* Nearly every client has an IPv4 address, and inet_ntop takes 1,700 instructions for it. */
static size_t format_v4(const unsigned char bytes[4], char *out)
{
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        unsigned byte = bytes[i];
        if (byte >= 100)
            out[len++] = (char)('0' + byte / 100);
        if (byte >= 10)
            out[len++] = (char)('0' + byte / 10 % 10);
        out[len++] = (char)('0' + byte % 10);
        out[len++] = '.';
    }
    out[--len] = '\0';
    return len;
}

size_t lb_address_format(const struct in6_addr *address, char out[INET6_ADDRSTRLEN])
{
    if (IN6_IS_ADDR_V4MAPPED(address))
        return format_v4(&address->s6_addr[sizeof mapped_prefix], out);
    inet_ntop(AF_INET6, address, out, INET6_ADDRSTRLEN);
    return strlen(out);
}

/* One element of X-Forwarded-For: an address, perhaps in brackets, perhaps with a port. */
static bool parse_element(struct lb_str text, struct in6_addr *out)
{
    bool v4;
    while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    if (text.len > 0 && *text.ptr == '[') {
        const char *end = memchr(text.ptr, ']', text.len);
        if (!end)
            return false;
        return parse_ip((struct lb_str){text.ptr + 1, (size_t)(end - text.ptr) - 1}, out, &v4);
    }
    if (parse_ip(text, out, &v4))
        return true;
    const char *colon = memchr(text.ptr, ':', text.len);
    if (!colon)
        return false;
    text.len = (size_t)(colon - text.ptr);
    return parse_ip(text, out, &v4) && v4;
}

bool lb_address_walk_forwarded(struct lb_str list, const struct lb_cidr *trusted, size_t count,
                               struct in6_addr *client)
{
    for (;;) {
        size_t start = list.len;
        while (start > 0 && list.ptr[start - 1] != ',')
            start--;
        struct in6_addr address;
        if (!parse_element((struct lb_str){list.ptr + start, list.len - start}, &address))
            return false;
        *client = address;
        if (start == 0)
            return lb_address_trusted(trusted, count, &address);
        if (!lb_address_trusted(trusted, count, &address))
            return false;
        list.len = start - 1;
    }
}
