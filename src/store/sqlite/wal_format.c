#include "store/sqlite/wal_format.h"

#include <string.h>

#define MAGIC          0x377f0682u /* the lowest bit: words are big-endian */
#define VERSION        3007000
#define PAGE_BYTES_MAX 65536

uint32_t lb_wal_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t word(const uint8_t *bytes, bool big_endian)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    bool native = big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    return native ? value : __builtin_bswap32(value);
}

static void put_word(uint8_t *bytes, bool big_endian, uint32_t value)
{
    bool native = big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    value = native ? value : __builtin_bswap32(value);
    memcpy(bytes, &value, sizeof value);
}

struct lb_wal_sum lb_wal_sum(struct lb_wal_sum sum, bool big_endian, const uint8_t *bytes,
                             size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        sum.s0 += word(bytes + i, big_endian) + sum.s1;
        sum.s1 += word(bytes + i + 4, big_endian) + sum.s0;
    }
    return sum;
}

/* The sum before these 8 bytes, from the one after them. */
static struct lb_wal_sum before(struct lb_wal_sum sum, bool big_endian, const uint8_t *bytes)
{
    sum.s1 -= word(bytes + 4, big_endian) + sum.s0;
    sum.s0 -= word(bytes, big_endian) + sum.s1;
    return sum;
}

/* The sum before these bytes, from the one after them. */
static struct lb_wal_sum sum_before(struct lb_wal_sum sum, bool big_endian, const uint8_t *bytes,
                                    size_t size)
{
    while (size) {
        size -= 8;
        sum = before(sum, big_endian, bytes + size);
    }
    return sum;
}

/* The last 8 of 16 bytes, after which the sum is to be `sum`; `start` is the one before them. */
static void choose_last(struct lb_wal_sum start, struct lb_wal_sum sum, bool big_endian,
                        uint8_t wanted[16])
{
    struct lb_wal_sum middle = lb_wal_sum(start, big_endian, wanted, 8);
    put_word(wanted + 8, big_endian, sum.s0 - middle.s0 - middle.s1);
    put_word(wanted + 12, big_endian, sum.s1 - middle.s1 - sum.s0);
}

void lb_wal_balance(struct lb_wal_sum sum, bool big_endian, const uint8_t now[16],
                    uint8_t wanted[16])
{
    choose_last(sum_before(sum, big_endian, now, 16), sum, big_endian, wanted);
}

void lb_wal_balance_page(struct lb_wal_sum sum, bool big_endian, const uint8_t *now,
                         uint8_t *wanted, size_t size)
{
    struct lb_wal_sum begin = sum_before(sum, big_endian, now, size);
    struct lb_wal_sum start = lb_wal_sum(begin, big_endian, wanted, size - 16);
    choose_last(start, sum, big_endian, wanted + size - 16);
}

bool lb_wal_read_header(const uint8_t bytes[LB_WAL_HEADER_BYTES], struct lb_wal_header *out)
{
    uint32_t magic = lb_wal_u32(bytes);
    *out = (struct lb_wal_header){.big_endian = magic & 1, .page_bytes = lb_wal_u32(bytes + 8)};
    memcpy(out->salts, bytes + 16, sizeof out->salts);
    out->sum = lb_wal_sum((struct lb_wal_sum){0}, out->big_endian, bytes, 24);
    return (magic & ~1u) == MAGIC && lb_wal_u32(bytes + 4) == VERSION && out->page_bytes >= 512 &&
           out->page_bytes <= PAGE_BYTES_MAX && (out->page_bytes & (out->page_bytes - 1)) == 0 &&
           out->sum.s0 == lb_wal_u32(bytes + 24) && out->sum.s1 == lb_wal_u32(bytes + 28);
}

void lb_wal_read_frame(const uint8_t bytes[LB_WAL_FRAME_HEADER_BYTES], struct lb_wal_frame *out)
{
    out->page = lb_wal_u32(bytes);
    out->commit_pages = lb_wal_u32(bytes + 4);
    memcpy(out->salts, bytes + 8, sizeof out->salts);
    memcpy(out->sum_bytes, bytes + 16, sizeof out->sum_bytes);
    out->sum = (struct lb_wal_sum){lb_wal_u32(bytes + 16), lb_wal_u32(bytes + 20)};
}
