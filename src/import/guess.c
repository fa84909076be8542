#include "import/guess.h"

#include "import/addresses.h"

#include <strings.h>

static const enum lb_name_type NAMES[LB_IMPORT_TYPES] = {
    [LB_TYPE_PERSON] = LB_NAME_LINKEDIN, [LB_TYPE_EMAIL] = LB_NAME_EMAIL,
    [LB_TYPE_PHONE] = LB_NAME_PHONE,     [LB_TYPE_DOMAIN] = LB_NAME_DOMAIN,
    [LB_TYPE_COMPANY] = LB_NAME_COMPANY,
};

enum lb_name_type lb_import_type_of_name(enum lb_import_type type)
{
    return NAMES[type];
}

const char *lb_import_type_word(enum lb_import_type type)
{
    return lb_name_type_word(NAMES[type]);
}

bool lb_import_type_parse(struct lb_str word, enum lb_import_type *out)
{
    enum lb_name_type type;
    if (!lb_name_type_of_word(word, &type))
        return false;
    *out = LB_TYPE_PERSON;
    for (int i = LB_TYPE_EMAIL; i < LB_IMPORT_TYPES; i++)
        if (NAMES[i] == type)
            *out = (enum lb_import_type)i;
    return true;
}

static bool begins(struct lb_str text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && strncasecmp(text.ptr, word, len) == 0;
}

static bool has(struct lb_str text, const char *word)
{
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* The page of a company at LinkedIn, or the profile of a person. */
static enum lb_import_type guess_linkedin(struct lb_str text)
{
    static const char *const PAGES[] = {"/company/", "/school/", "/showcase/"};
    struct lb_str rest = text, address;
    if (begins(text, "urn:li:company:") || begins(text, "urn:li:organization:") ||
        begins(text, "urn:li:fsd_company:") || begins(text, "urn:li:fs_salesCompany:"))
        return LB_TYPE_COMPANY;
    if (begins(text, "urn:li:") || begins(text, "in/") || begins(text, "/in/"))
        return LB_TYPE_PERSON;
    while (lb_import_next_address(&rest, &address)) {
        if (!lb_import_is_linkedin(address))
            continue;
        for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++)
            if (has(address, PAGES[i]))
                return LB_TYPE_COMPANY;
        return LB_TYPE_PERSON;
    }
    return LB_TYPE_NONE;
}

/* 1.250.000, 1'250'000 or 1 250 000 */
static bool is_in_thousands(struct lb_str text)
{
    size_t len = 0, groups = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') {
            len++;
            continue;
        }
        if (!strchr(".' ", text.ptr[i]) || (groups ? len != 3 : len < 1 || len > 3))
            return false;
        groups++;
        len = 0;
    }
    return groups && len == 3;
}

/* Digits with what stands between them, if something says that they are dialled: what may be an
 * amount, a year or a number of an article is no phone number for its look alone. */
static bool is_phone(struct lb_str text)
{
    size_t digits = 0, marks = 0;
    bool tel = begins(text, "tel:");
    text = lb_str_skip(text, tel ? 4 : 0);
    text = lb_str_skip(text, begins(text, "'") ? 1 : 0); /* of a spreadsheet */
    bool plus = begins(text, "+");
    bool dialled = tel || plus || (begins(text, "00") && has(text, " "));
    struct lb_str number = lb_str_skip(text, plus ? 1 : 0);
    for (size_t i = 0; i < number.len; i++) {
        unsigned char c = (unsigned char)number.ptr[i];
        bool blank = c >= 0x80; /* dashes and blanks of other kinds */
        if (c >= '0' && c <= '9')
            digits++;
        else if (blank || (c && strchr(" ()/-.", c)))
            marks += c < 0x80 || c >= 0xc0;
        else
            return false;
    }
    return dialled && digits >= 7 && digits <= 17 && marks <= digits &&
           !(digits < 10 && !tel && is_in_thousands(number));
}

static bool is_host_byte(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           c == '-' || c == '.' || c == '_';
}

/* A host name with a dot, maybe as part of a URL. */
static bool is_host(struct lb_str text)
{
    size_t end = 0, dot = 0;
    bool url = begins(text, "http://") || begins(text, "https://");
    if (url)
        text = lb_str_skip(text, begins(text, "https") ? 8 : 7);
    while (end < text.len && is_host_byte((unsigned char)text.ptr[end])) {
        if (text.ptr[end] == '.' && end + 1 < text.len && text.ptr[end + 1] != '.')
            dot = end;
        end++;
    }
    bool ends = end == text.len || strchr("/:?#", text.ptr[end]);
    char last = dot && dot + 1 < text.len ? (char)(text.ptr[dot + 1] | 0x20) : '0';
    bool letter = (last >= 'a' && last <= 'z') || (last & 0x80);
    for (size_t i = 0; i < text.len && !url; i++)
        if (text.ptr[i] == ' ')
            return false;
    return dot > 0 && ends && letter && end - dot > 2;
}

enum lb_import_type lb_import_guess(struct lb_str text)
{
    enum lb_import_type linkedin = guess_linkedin(text);
    const char *at = text.len ? memchr(text.ptr, '@', text.len) : NULL;
    if (linkedin)
        return linkedin;
    if (at == text.ptr && at)
        return is_host(lb_str_skip(text, 1)) ? LB_TYPE_DOMAIN : LB_TYPE_NONE;
    if (at && memchr(at, '.', text.len - (size_t)(at - text.ptr)))
        return LB_TYPE_EMAIL;
    if (is_phone(text))
        return LB_TYPE_PHONE;
    return is_host(begins(text, "*.") ? lb_str_skip(text, 2) : text) ? LB_TYPE_DOMAIN
                                                                     : LB_TYPE_NONE;
}

bool lb_import_looks_like_name(struct lb_str part, struct lb_identifier *name)
{
    size_t digits = 0; /* and hyphens, as in a date */
    while (digits < part.len && memchr("0123456789-", part.ptr[digits], 11))
        digits++;
    return digits < part.len && memchr(part.ptr, '-', part.len) &&
           lb_identifier_normalise(part, name) == NULL && name->bare &&
           lb_str_equal(part, (struct lb_str){name->text, name->len}) &&
           lb_identifier_doubt(name, true) == NULL;
}
