#include "domain/access/password_rules.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

#define WORD_MIN 4 /* letters of a word that a password must not be made from */
#define TAIL_MAX                                                                                   \
    6 /* what may be added to a word so that the password is still one of the first                \
       */

#define CHOOSE "; choose several words that only you would put together"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* One character, again and again? */
static bool is_repeated(struct lb_str password)
{
    const unsigned char *text = (const unsigned char *)password.ptr;
    size_t unit = lb_utf8_length(text, text + password.len);
    for (size_t i = unit; unit && i < password.len; i++)
        if (password.ptr[i] != password.ptr[i - unit])
            return false;
    return unit != 0;
}

static bool starts_with(struct lb_str text, struct lb_str word)
{
    if (text.len < word.len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (lower(text.ptr[i]) != lower(word.ptr[i]))
            return false;
    return true;
}

/* Is the password that word, or the word repeated, with a few digits and signs after it? */
static bool is_made_from(struct lb_str password, struct lb_str word)
{
    if (word.len < WORD_MIN || !starts_with(password, word))
        return false;
    while (starts_with(password, word)) {
        password.ptr += word.len;
        password.len -= word.len;
    }
    if (password.len > TAIL_MAX)
        return false;
    for (size_t i = 0; i < password.len; i++)
        if (!isdigit((unsigned char)password.ptr[i]) && !ispunct((unsigned char)password.ptr[i]))
            return false;
    return true;
}

/* The word of the list that begins at or before `at`. */
static struct lb_str listed_at(size_t at)
{
    while (at > 0 && lb_common_passwords[at - 1] != '\n')
        at--;
    const char *word = lb_common_passwords + at;
    const char *end = memchr(word, '\n', lb_common_passwords_len - at);
    return (struct lb_str){word, (size_t)(end - word)};
}

static int compare(struct lb_str word, struct lb_str listed)
{
    size_t shorter = word.len < listed.len ? word.len : listed.len;
    for (size_t i = 0; i < shorter; i++) {
        int difference = lower(word.ptr[i]) - (unsigned char)listed.ptr[i];
        if (difference)
            return difference;
    }
    return word.len < listed.len ? -1 : word.len > listed.len;
}

static bool is_listed(struct lb_str word)
{
    size_t low = 0;
    size_t high = lb_common_passwords_len;
    while (low < high) {
        struct lb_str middle = listed_at(low + (high - low) / 2);
        size_t at = (size_t)(middle.ptr - lb_common_passwords);
        int order = compare(word, middle);
        if (order == 0)
            return true;
        if (order < 0)
            high = at;
        else
            low = at + middle.len + 1;
    }
    return false;
}

/* Is it made from one of the most common passwords? */
static bool is_common(struct lb_str password)
{
    static const size_t LONGEST = 32; /* more than any that is listed */
    for (size_t len = WORD_MIN; len <= password.len && len <= LONGEST; len++) {
        struct lb_str word = {password.ptr, len};
        if (is_made_from(password, word) && is_listed(word))
            return true;
    }
    return false;
}

const char *lb_password_wrong(struct lb_str password)
{
    if (!password.ptr)
        return "must be a string";
    if (lb_utf8_count(password) < LB_PASSWORD_CHARACTERS_MIN)
        return "must have at least 12 characters";
    if (password.len > LB_PASSWORD_BYTES_MAX)
        return "must have at most 1,024 bytes";
    if (is_repeated(password))
        return "must be more than one character repeated" CHOOSE;
    if (is_common(password))
        return "must not be one of the most common passwords, also not repeated or with digits "
               "after it" CHOOSE;
    return NULL;
}

const char *lb_password_wrong_for(struct lb_str password, struct lb_str email)
{
    const char *at = email.ptr ? memchr(email.ptr, '@', email.len) : NULL;
    struct lb_str local = {email.ptr, at ? (size_t)(at - email.ptr) : 0};
    if (is_made_from(password, email) || is_made_from(password, local))
        return "must not be made from the e-mail address" CHOOSE;
    return NULL;
}
