#include "hooks/guard.h"

#include "http/address.h"

#include <string.h>

/* Source: the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890), and RFC
 * 6598, 6666, 9637. */
struct range {
    uint8_t bytes[16];
    unsigned bits;
    const char *what;
};

#define V4(a, b, c, d)                                                                             \
    {                                                                                              \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d)                               \
    }

/* The first that contains an address tells what it is. */
static const struct range special[] = {
    {V4(0, 0, 0, 0), 96 + 8, "an address of this host"},
    {V4(10, 0, 0, 0), 96 + 8, "a private address"},
    {V4(100, 64, 0, 0), 96 + 10, "an address of a carrier's network"},
    {V4(127, 0, 0, 0), 96 + 8, "a loopback address"},
    {V4(168, 63, 129, 16), 96 + 32, "an address of a cloud's own services"},
    {V4(169, 254, 0, 0), 96 + 16, "a link-local address"},
    {V4(172, 16, 0, 0), 96 + 12, "a private address"},
    {V4(192, 0, 0, 0), 96 + 24, "a reserved address"},
    {V4(192, 0, 2, 0), 96 + 24, "an address for documentation"},
    {V4(192, 88, 99, 0), 96 + 24, "a relay's address"},
    {V4(192, 168, 0, 0), 96 + 16, "a private address"},
    {V4(198, 18, 0, 0), 96 + 15, "an address for tests"},
    {V4(198, 51, 100, 0), 96 + 24, "an address for documentation"},
    {V4(203, 0, 113, 0), 96 + 24, "an address for documentation"},
    {V4(224, 0, 0, 0), 96 + 4, "a multicast address"},
    {V4(240, 0, 0, 0), 96 + 4, "a reserved address"},
    {V4(0, 0, 0, 0), 96, NULL}, /* the rest of IPv4 is public */
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 128, "an address of this host"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "a loopback address"},
    {{0}, 96, "an IPv4 address in IPv6"},
    {{0xff}, 8, "a multicast address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a private address"},
    {{0xfc}, 7, "a private address"},
    {{0x20, 0x01, 0, 0}, 32, "an IPv4 address in IPv6"}, /* Teredo */
    {{0x20, 0x01, 0, 0}, 23, "a reserved address"},      /* other protocols */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "an address for documentation"},
    {{0x20, 0x02}, 16, "an IPv4 address in IPv6"}, /* 6to4 */
    {{0x3f, 0xff}, 20, "an address for documentation"},
    {{0x20}, 3, NULL}, /* what is given out of IPv6 is public, and nothing else */
    {{0}, 0, "a reserved address"},
};

/* RFC 6052: 64:ff9b::/96, and an IPv4 address. */
static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

const char *lb_guard_not_public(const struct in6_addr *address)
{
    struct in6_addr inside;
    if (memcmp(address->s6_addr, nat64, sizeof nat64) == 0) {
        inside = (struct in6_addr){.s6_addr = V4(address->s6_addr[12], address->s6_addr[13],
                                                 address->s6_addr[14], address->s6_addr[15])};
        address = &inside;
    }
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        struct lb_cidr range = {.bits = special[i].bits};
        memcpy(range.address.s6_addr, special[i].bytes, sizeof special[i].bytes);
        if (lb_cidr_contains(&range, address))
            return special[i].what;
    }
    return "a reserved address";
}

#define PORT_HTTPS    443
#define PORT_FREE_MIN 1024 /* below, services of other kinds listen */

static bool is_open(unsigned port)
{
    return port == PORT_HTTPS || port >= PORT_FREE_MIN;
}

const char *lb_guard_judge(const struct lb_guard *guard, const struct in6_addr *address,
                           unsigned port, bool https)
{
    if (lb_address_trusted(guard->own, guard->own_count, address))
        return NULL;
    const char *what = lb_guard_not_public(address);
    if (what)
        return what;
    if (!https)
        return "an address that needs https";
    return is_open(port) ? NULL : "an address whose port must be 443, or 1024 and above";
}

const char *lb_guard_judge_name(const struct lb_guard *guard, unsigned port)
{
    return guard->own_count || is_open(port) ? NULL
                                             : "a name whose port must be 443, or 1024 and above";
}
