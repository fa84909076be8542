#include "base/sha1.h"
#include "domain/access/totp.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

static const uint8_t secret[LB_FACTOR_SECRET_SIZE] = "12345678901234567890"; /* of RFC 6238 */

static void is_hex(const uint8_t digest[LB_SHA1_SIZE], const char *expected)
{
    char hex[2 * LB_SHA1_SIZE + 1];
    sodium_bin2hex(hex, sizeof hex, digest, LB_SHA1_SIZE);
    assert_string_equal(hex, expected);
}

static void hashes(const char *text, unsigned times, const char *expected)
{
    uint8_t digest[LB_SHA1_SIZE];
    size_t len = strlen(text);
    char *all = malloc(len * times + 1);
    assert_non_null(all);
    for (unsigned i = 0; i < times; i++)
        memcpy(all + i * len, text, len);
    lb_sha1((struct lb_str){all, len * times}, digest);
    free(all);
    is_hex(digest, expected);
}

/* RFC 3174, section 7.3, and the empty text. */
static void sha1_is_the_rfcs(void **state)
{
    (void)state;
    hashes("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    hashes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
           "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    hashes("a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    hashes("0123456701234567012345670123456701234567012345670123456701234567", 10,
           "dea356a2cddd90c7a7ecedc5ebb563934f460452");
    hashes("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

/* RFC 2202, section 3, the cases whose key is not hashed first. */
static void hmac_is_the_rfcs(void **state)
{
    (void)state;
    uint8_t mac[LB_SHA1_SIZE];
    char key[20];
    char data[50];
    memset(key, 0x0b, sizeof key);
    lb_hmac_sha1((struct lb_str){key, sizeof key}, LB_STR("Hi There"), mac);
    is_hex(mac, "b617318655057264e28bc0b6fb378c8ef146be00");
    lb_hmac_sha1(LB_STR("Jefe"), LB_STR("what do ya want for nothing?"), mac);
    is_hex(mac, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    lb_hmac_sha1((struct lb_str){key, sizeof key}, (struct lb_str){data, sizeof data}, mac);
    is_hex(mac, "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
}

/* RFC 6238, appendix B: the last six of its eight digits. */
static void codes_are_the_rfcs(void **state)
{
    (void)state;
    static const struct {
        int64_t at_s;
        const char *code;
    } vectors[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                   {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char code[LB_TOTP_DIGITS + 1];
        int64_t step;
        lb_totp_code(secret, vectors[i].at_s / 30, code);
        assert_string_equal(code, vectors[i].code);
        assert_true(lb_totp_matches(secret, lb_str(code), vectors[i].at_s * 1000, 0, &step));
        assert_int_equal(step, vectors[i].at_s / 30);
    }
}

static bool matches_at(int64_t step, int64_t last, int64_t now_ms)
{
    char code[LB_TOTP_DIGITS + 1];
    int64_t found;
    lb_totp_code(secret, step, code);
    return lb_totp_matches(secret, lb_str(code), now_ms, last, &found) && found == step;
}

static void a_clock_may_differ_by_a_step(void **state)
{
    (void)state;
    int64_t step = 1000000;
    for (int64_t now = step * LB_TOTP_STEP_MS; now < (step + 1) * LB_TOTP_STEP_MS; now += 29999) {
        assert_true(matches_at(step - 1, 0, now));
        assert_true(matches_at(step, 0, now));
        assert_true(matches_at(step + 1, 0, now));
        assert_false(matches_at(step - 2, 0, now));
        assert_false(matches_at(step + 2, 0, now));
    }
}

static void no_code_comes_twice_or_before_the_last(void **state)
{
    (void)state;
    int64_t step = 1000000;
    int64_t now = step * LB_TOTP_STEP_MS;
    assert_true(matches_at(step, step - 1, now));
    assert_false(matches_at(step, step, now));
    assert_false(matches_at(step - 1, step, now));
    assert_true(matches_at(step + 1, step, now));
}

static void other_texts_are_no_codes(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "28708", "2870820", "287 82", "287083", "abcdef"};
    int64_t step;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(lb_totp_matches(secret, lb_str(texts[i]), 59000, 0, &step));
    assert_false(lb_totp_matches(secret, (struct lb_str){0}, 59000, 0, &step));
}

static void the_secret_is_written_in_base_32(void **state)
{
    (void)state;
    char text[LB_TOTP_TEXT_SIZE];
    lb_totp_write(secret, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_is_the_rfcs),
        cmocka_unit_test(hmac_is_the_rfcs),
        cmocka_unit_test(codes_are_the_rfcs),
        cmocka_unit_test(a_clock_may_differ_by_a_step),
        cmocka_unit_test(no_code_comes_twice_or_before_the_last),
        cmocka_unit_test(other_texts_are_no_codes),
        cmocka_unit_test(the_secret_is_written_in_base_32),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
