#include "domain/access/key_text.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define TEXT_LEN (LB_KEY_TEXT_SIZE - 1)

static bool parses(const char *text, size_t len)
{
    struct lb_str id;
    uint8_t hash[LB_SECRET_HASH_SIZE];
    return lb_key_parse((struct lb_str){text, len}, &id, hash);
}

static void a_generated_key_has_its_form_and_parses(void **state)
{
    for (int i = 0; i < 1000; i++) {
        char text[LB_KEY_TEXT_SIZE];
        struct lb_key_row row = {0};
        lb_key_generate(text, &row);
        assert_int_equal(strlen(text), TEXT_LEN);
        assert_memory_equal(text, "lb_", 3);
        assert_int_equal(strlen(row.id), LB_KEY_ID_CHARS);
        assert_memory_equal(text + 3, row.id, LB_KEY_ID_CHARS);
        assert_int_equal(text[3 + LB_KEY_ID_CHARS], '_');
        struct lb_str id;
        uint8_t hash[LB_SECRET_HASH_SIZE];
        assert_true(lb_key_parse(lb_str(text), &id, hash));
        assert_true(lb_str_equal(id, lb_str(row.id)));
        assert_memory_equal(hash, row.secret_hash, sizeof hash);
    }
}

static void two_keys_share_neither_id_nor_secret(void **state)
{
    char one[LB_KEY_TEXT_SIZE];
    char other[LB_KEY_TEXT_SIZE];
    struct lb_key_row row = {0};
    struct lb_key_row other_row = {0};
    lb_key_generate(one, &row);
    lb_key_generate(other, &other_row);
    assert_string_not_equal(row.id, other_row.id);
    assert_memory_not_equal(one + 16, other + 16, LB_KEY_SECRET_CHARS);
    assert_memory_not_equal(row.secret_hash, other_row.secret_hash, LB_SECRET_HASH_SIZE);
}

/* The hash is of the secret alone: not the secret itself, and not of the public part. */
static void the_stored_hash_does_not_hold_the_secret(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key_row row = {0};
    lb_key_generate(text, &row);
    assert_null(memmem(row.secret_hash, sizeof row.secret_hash, text + 16, 8));
}

static void every_change_of_one_character_is_refused(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key_row row = {0};
    lb_key_generate(text, &row);
    for (size_t at = 0; at < TEXT_LEN; at++) {
        char right = text[at];
        for (int c = 0; c < 256; c++) {
            text[at] = (char)c;
            assert_int_equal(parses(text, TEXT_LEN), (char)c == right);
        }
        text[at] = right;
    }
}

static void neighbours_that_change_places_are_refused(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key_row row = {0};
    lb_key_generate(text, &row);
    for (size_t at = 0; at + 1 < TEXT_LEN; at++) {
        char swapped[LB_KEY_TEXT_SIZE];
        memcpy(swapped, text, sizeof swapped);
        swapped[at] = text[at + 1];
        swapped[at + 1] = text[at];
        assert_int_equal(parses(swapped, TEXT_LEN), swapped[at] == text[at]);
    }
}

static void shorter_longer_and_shouted_keys_are_refused(void **state)
{
    char text[LB_KEY_TEXT_SIZE + 1];
    struct lb_key_row row = {0};
    lb_key_generate(text, &row);
    for (size_t len = 0; len < TEXT_LEN; len++)
        assert_false(parses(text, len));
    text[TEXT_LEN] = '0';
    assert_false(parses(text, TEXT_LEN + 1));
    assert_true(parses(text, TEXT_LEN));
    for (size_t at = 0; at < TEXT_LEN; at++)
        text[at] = (char)toupper(text[at]);
    assert_false(parses(text, TEXT_LEN));
    assert_false(lb_key_parse((struct lb_str){0}, &(struct lb_str){0}, row.secret_hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generated_key_has_its_form_and_parses),
        cmocka_unit_test(two_keys_share_neither_id_nor_secret),
        cmocka_unit_test(the_stored_hash_does_not_hold_the_secret),
        cmocka_unit_test(every_change_of_one_character_is_refused),
        cmocka_unit_test(neighbours_that_change_places_are_refused),
        cmocka_unit_test(shorter_longer_and_shouted_keys_are_refused),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
