#include "store/sqlite/page_sum.h"

#include <endian.h>
#include <string.h>

/* With the widest registers that the processor has. */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#define PRIME UINT64_C(0x9e3779b97f4a7c15)

static uint64_t checksum(const uint8_t *page, size_t bytes, uint32_t number)
{
    return XXH3_64bits(page, bytes - LB_PAGE_RESERVED) + number * PRIME;
}

static void put_u64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

void lb_page_seal(uint8_t *page, size_t bytes, uint32_t number)
{
    put_u64(page + bytes - LB_PAGE_RESERVED, checksum(page, bytes, number));
}

bool lb_page_has_checksum(const uint8_t *page, size_t bytes, uint32_t number)
{
    return get_u64(page + bytes - LB_PAGE_RESERVED) == checksum(page, bytes, number);
}

bool lb_page_is_first(const uint8_t *page, size_t bytes)
{
    uint8_t copy[LB_PAGE_BYTES_MAX];
    if (bytes < LB_PAGE_BYTES_MIN || bytes > sizeof copy)
        return false;
    memcpy(copy, page, bytes);
    copy[LB_PAGE_RESERVED_AT] = LB_PAGE_RESERVED;
    return lb_page_has_checksum(copy, bytes, 1);
}

uint64_t lb_page_id(const uint8_t *page, size_t bytes)
{
    return get_u64(page + bytes - LB_PAGE_ID_BYTES);
}

void lb_page_set_id(uint8_t *page, size_t bytes, uint64_t id)
{
    put_u64(page + bytes - LB_PAGE_ID_BYTES, id);
}
