#include "domain/access/passwords.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>
#include <sodium.h>

static bool matches(const char *hash, uint32_t memory_mib, struct lb_str password)
{
    bool found;
    assert_int_equal(lb_password_check(hash, memory_mib, password, &found), LB_OK);
    return found;
}

#define LITTLE_MIB 19 /* the least that the setting allows */

static void tokens_are_all_different_and_their_hashes_fit(void **state)
{
    static char tokens[100][LB_TOKEN_SIZE];
    for (int i = 0; i < 100; i++) {
        uint8_t made[LB_SECRET_HASH_SIZE];
        uint8_t hashed[LB_SECRET_HASH_SIZE];
        lb_token_make(tokens[i], made);
        assert_int_equal(strlen(tokens[i]), LB_TOKEN_SIZE - 1);
        lb_token_hash(lb_str(tokens[i]), hashed);
        assert_memory_equal(made, hashed, sizeof made);
        for (int before = 0; before < i; before++)
            assert_string_not_equal(tokens[before], tokens[i]);
    }
}

static void a_csrf_token_is_its_sessions_alone(void **state)
{
    char token[LB_TOKEN_SIZE];
    char other[LB_TOKEN_SIZE];
    char csrf[LB_CSRF_SIZE];
    uint8_t hash[LB_SECRET_HASH_SIZE];
    char hex[2 * LB_SECRET_HASH_SIZE + 1];
    lb_token_make(other, hash);
    lb_token_make(token, hash);
    lb_token_csrf(lb_str(token), csrf);
    assert_int_equal(strlen(csrf), LB_CSRF_SIZE - 1);
    assert_true(lb_token_csrf_matches(lb_str(token), lb_str(csrf)));
    assert_false(lb_token_csrf_matches(lb_str(other), lb_str(csrf)));
    /* What a page may read tells nothing of what is stored. */
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    assert_null(strstr(hex, csrf));
}

static void a_csrf_token_matches_whole_or_not_at_all(void **state)
{
    char token[LB_TOKEN_SIZE];
    char csrf[LB_CSRF_SIZE + 1] = "";
    uint8_t hash[LB_SECRET_HASH_SIZE];
    lb_token_make(token, hash);
    lb_token_csrf(lb_str(token), csrf);
    assert_false(lb_token_csrf_matches(lb_str(token), (struct lb_str){0}));
    for (size_t len = 0; len <= LB_CSRF_SIZE; len++)
        assert_int_equal(lb_token_csrf_matches(lb_str(token), (struct lb_str){csrf, len}),
                         len == LB_CSRF_SIZE - 1);
    for (size_t i = 0; i < LB_CSRF_SIZE - 1; i++) {
        csrf[i] ^= 1;
        assert_false(lb_token_csrf_matches(lb_str(token), lb_str(csrf)));
        csrf[i] ^= 1;
    }
}

static void passwords_have_12_characters_and_at_most_1024_bytes(void **state)
{
    char long_one[LB_PASSWORD_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof long_one; i++)
        long_one[i] = (char)('a' + i % 7);
    assert_non_null(lb_password_wrong((struct lb_str){0}));
    assert_non_null(lb_password_wrong(LB_STR("")));
    assert_non_null(lb_password_wrong(LB_STR("eleven char")));
    assert_null(lb_password_wrong(LB_STR("twelve chars")));
    /* Characters, not bytes: eleven and twelve of two bytes each. */
    assert_non_null(lb_password_wrong(
        LB_STR("\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9")));
    assert_null(lb_password_wrong(
        LB_STR("\u00e9\u00e8\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9")));
    assert_null(lb_password_wrong((struct lb_str){long_one, LB_PASSWORD_BYTES_MAX}));
    assert_non_null(lb_password_wrong((struct lb_str){long_one, LB_PASSWORD_BYTES_MAX + 1}));
}

static void only_the_same_password_matches(void **state)
{
    static const char password[] = "twelve chars\0and more";
    struct lb_str whole = {password, sizeof password - 1};
    char hash[LB_PASSWORD_HASH_SIZE];
    char again[LB_PASSWORD_HASH_SIZE];
    assert_true(lb_password_hash(whole, LITTLE_MIB, hash));
    assert_true(lb_password_hash(whole, LITTLE_MIB, again));
    assert_string_not_equal(hash, again);
    static const char limits[] = "$argon2id$v=19$m=19456,t=2,p=1$"; /* KiB */
    assert_memory_equal(hash, limits, sizeof limits - 1);
    assert_null(strstr(hash, "twelve"));
    assert_true(matches(hash, LITTLE_MIB, whole));
    assert_false(matches(hash, LITTLE_MIB, lb_str(password))); /* up to the NUL */
    assert_false(matches(hash, LITTLE_MIB, (struct lb_str){password, sizeof password}));
    assert_false(matches(hash, LITTLE_MIB, (struct lb_str){0}));
}

static void nobodys_password_matches_nothing(void **state)
{
    static char long_one[LB_PASSWORD_BYTES_MAX + 1];
    assert_false(matches("", LITTLE_MIB, LB_STR("")));
    assert_false(matches("", LITTLE_MIB, LB_STR("twelve chars")));
    assert_false(matches("", LITTLE_MIB, (struct lb_str){long_one, sizeof long_one}));
}

static double seconds_to_refuse(const char *hash, uint32_t memory_mib)
{
    double started = (double)clock();
    assert_false(matches(hash, memory_mib, LB_STR("twelve chars")));
    return ((double)clock() - started) / CLOCKS_PER_SEC;
}

/* So that the time does not tell whether there is such a user. */
static void an_unknown_user_costs_as_much_as_a_known_one(void **state)
{
    char hash[LB_PASSWORD_HASH_SIZE];
    assert_true(lb_password_hash(LB_STR("another password"), 4 * LITTLE_MIB, hash));
    double known = seconds_to_refuse(hash, 4 * LITTLE_MIB);
    double unknown = seconds_to_refuse("", 4 * LITTLE_MIB);
    assert_true(unknown > known / 2 && unknown < known * 2);
}

/* One that is too long is as good as an empty one to the hash, and still wrong. */
static void a_password_that_is_too_long_matches_nothing(void **state)
{
    static char long_one[LB_PASSWORD_BYTES_MAX + 1];
    char hash[LB_PASSWORD_HASH_SIZE];
    assert_true(lb_password_hash(LB_STR(""), LITTLE_MIB, hash));
    assert_true(matches(hash, LITTLE_MIB, LB_STR("")));
    assert_false(matches(hash, LITTLE_MIB, (struct lb_str){long_one, sizeof long_one}));
}

static void one_character_repeated_is_refused(void **state)
{
    const char *wrong = lb_password_wrong(LB_STR("aaaaaaaaaaaa"));
    assert_non_null(strstr(wrong, "one character repeated; choose"));
    assert_ptr_equal(lb_password_wrong(LB_STR("            ")), wrong);
    assert_ptr_equal(
        lb_password_wrong(
            LB_STR("\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9")),
        wrong);
    assert_null(lb_password_wrong(LB_STR("aaaaaaaaaaab")));
    assert_null(lb_password_wrong(LB_STR("baaaaaaaaaaa")));
}

static void common_passwords_are_refused(void **state)
{
    static const char *const common[] = {"1qaz2wsx3edc",     "ghjcnjgfhjkm",   "QwertyQwerty",
                                         "password1234",     "Password12345!", "123456789012",
                                         "passwordpassword", "dragondragon7",  "Football2024!",
                                         "zzzzzz123456",     "counterstrike",  "123456qwerty"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        const char *wrong = lb_password_wrong(lb_str(common[i]));
        if (!wrong || !strstr(wrong, "most common passwords"))
            fail_msg("%s: %s", common[i], wrong ? wrong : "taken");
    }
}

static void what_only_begins_with_a_common_password_is_taken(void **state)
{
    static const char *const good[] = {"password of a whale", "dragon battery staple",
                                       "1234 green bottles",  "correct horse battery",
                                       "qwerty8279463105",    "a~~~~~~~~~~~~~~~~~~~b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (lb_password_wrong(lb_str(good[i])))
            fail_msg("%s: %s", good[i], lb_password_wrong(lb_str(good[i])));
}

/* Each word of the list is found, the first and the last one, too. */
static void every_listed_password_of_12_characters_is_refused(void **state)
{
    unsigned seen = 0;
    const char *word = lb_common_passwords;
    for (const char *end; (end = strchr(word, '\n')) != NULL; word = end + 1) {
        struct lb_str each = {word, (size_t)(end - word)};
        if (each.len < LB_PASSWORD_CHARACTERS_MIN)
            continue;
        seen++;
        if (!lb_password_wrong(each))
            fail_msg("%.*s is taken", (int)each.len, each.ptr);
    }
    assert_in_range(seen, 200, 300);
}

static void a_password_is_not_made_from_the_email_address(void **state)
{
    static const struct lb_str email = LB_STR("ada.lovelace@example.com");
    assert_non_null(strstr(lb_password_wrong_for(LB_STR("Ada.Lovelace@example.com"), email),
                           "e-mail address; choose"));
    assert_non_null(lb_password_wrong_for(LB_STR("ada.lovelace"), email));
    assert_non_null(lb_password_wrong_for(LB_STR("Ada.Lovelace1815"), email));
    assert_non_null(lb_password_wrong_for(LB_STR("ada.lovelaceada.lovelace"), email));
    assert_null(lb_password_wrong_for(LB_STR("ada.lovelace was right"), email));
    assert_null(lb_password_wrong_for(LB_STR("a pair of blue socks"), email));
    assert_null(lb_password_wrong_for(LB_STR("a pair of blue socks"), LB_STR("a@example.com")));
    assert_null(lb_password_wrong_for(LB_STR("a pair of blue socks"), LB_STR("")));
}

/* In a process of its own, whose address space is nearly used up. */
static void want_of_memory_is_no_wrong_password(void **state)
{
    char hash[LB_PASSWORD_HASH_SIZE];
    assert_true(lb_password_hash(LB_STR("another password"), 64, hash));
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its own memory would be refused, too */
#endif
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {(rlim_t)32 << 20, (rlim_t)32 << 20};
        bool found = false;
        lb_err before = lb_password_check(hash, 64, LB_STR("another password"), &found);
        if (before || !found)
            _exit(2);
        setrlimit(RLIMIT_AS, &limit); /* what is there already stays */
        lb_err err = lb_password_check(hash, 64, LB_STR("another password"), &found);
        _exit(err == LB_ERR_OVERLOADED && !found ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_all_different_and_their_hashes_fit),
        cmocka_unit_test(a_csrf_token_is_its_sessions_alone),
        cmocka_unit_test(a_csrf_token_matches_whole_or_not_at_all),
        cmocka_unit_test(passwords_have_12_characters_and_at_most_1024_bytes),
        cmocka_unit_test(one_character_repeated_is_refused),
        cmocka_unit_test(common_passwords_are_refused),
        cmocka_unit_test(what_only_begins_with_a_common_password_is_taken),
        cmocka_unit_test(every_listed_password_of_12_characters_is_refused),
        cmocka_unit_test(a_password_is_not_made_from_the_email_address),
        cmocka_unit_test(only_the_same_password_matches),
        cmocka_unit_test(want_of_memory_is_no_wrong_password),
        cmocka_unit_test(nobodys_password_matches_nothing),
        cmocka_unit_test(an_unknown_user_costs_as_much_as_a_known_one),
        cmocka_unit_test(a_password_that_is_too_long_matches_nothing),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
