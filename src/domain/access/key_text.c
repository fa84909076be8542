#include "domain/access/key_text.h"

#include "base/id.h"

#include <sodium.h>
#include <zlib.h>

#define PREFIX         "lb_"
#define SECRET_AT      (sizeof PREFIX - 1 + LB_KEY_ID_CHARS + 1)
#define CHECKSUM_AT    (SECRET_AT + LB_KEY_SECRET_CHARS)
#define CHECKSUM_CHARS 8

static void checksum(const char *text, char out[CHECKSUM_CHARS])
{
    static const char digits[] = "0123456789abcdef";
    unsigned long crc = crc32(0, (const unsigned char *)text, CHECKSUM_AT);
    for (int i = CHECKSUM_CHARS - 1; i >= 0; i--, crc >>= 4)
        out[i] = digits[crc & 15];
}

static void hash_secret(const char *text, uint8_t out[LB_SECRET_HASH_SIZE])
{
    crypto_generichash(out, LB_SECRET_HASH_SIZE, (const unsigned char *)text + SECRET_AT,
                       LB_KEY_SECRET_CHARS, NULL, 0);
}

void lb_key_generate(char text[LB_KEY_TEXT_SIZE], struct lb_key_row *row)
{
    lb_id_random(row->id, LB_KEY_ID_CHARS);
    memcpy(text, PREFIX, sizeof PREFIX - 1);
    memcpy(text + sizeof PREFIX - 1, row->id, LB_KEY_ID_CHARS);
    text[SECRET_AT - 1] = '_';
    lb_id_random(text + SECRET_AT, LB_KEY_SECRET_CHARS);
    checksum(text, text + CHECKSUM_AT);
    text[LB_KEY_TEXT_SIZE - 1] = '\0';
    hash_secret(text, row->secret_hash);
}

bool lb_key_parse(struct lb_str text, struct lb_str *out_id, uint8_t out_hash[LB_SECRET_HASH_SIZE])
{
    char expected[CHECKSUM_CHARS];
    if (text.len != LB_KEY_TEXT_SIZE - 1 || memcmp(text.ptr, PREFIX, sizeof PREFIX - 1) != 0 ||
        text.ptr[SECRET_AT - 1] != '_')
        return false;
    checksum(text.ptr, expected);
    if (memcmp(text.ptr + CHECKSUM_AT, expected, CHECKSUM_CHARS) != 0)
        return false;
    *out_id = (struct lb_str){text.ptr + sizeof PREFIX - 1, LB_KEY_ID_CHARS};
    hash_secret(text.ptr, out_hash);
    return true;
}
