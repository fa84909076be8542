#include "domain/blocklist/name_internal.h"

#include <stdio.h>

#define DIGITS_MIN    7
#define DIGITS_MAX    15 /* ITU-T E.164 */
#define NANP_DIGITS   10 /* of a number in North America, with its area code */
#define COLLECTED_MAX 32
#define NO_ZERO       COLLECTED_MAX

static const char EMPTY[] = "has no digits; write a number as +49 89 123456";
static const char SHORT[] =
    "has fewer than 7 digits; write it with + and the country's calling code";
static const char LONG[] = "has more than 15 digits; give one number alone";
static const char TWO[] = "has a + in the middle; give one number alone";
static const char NO_COUNTRY[] =
    "has no country; write it with + and the country's calling code, or "
    "give defaultCountry";
static const char BAD_COUNTRY[] = "cannot be read: defaultCountry is not a country's code of two "
                                  "letters, such as DE";
static const char BAD_CODE[] = "begins with a calling code that no country has; check it";
static const char EXTENSION[] = "has an extension; leave it out, a number is blocked as a whole";
static const char LETTERS[] = "contains letters; write all of it in digits";
static const char SPREADSHEET[] =
    "was shortened by a spreadsheet; format the column as text, and export it again";
static const char BOTH[] =
    "may begin with the country's calling code, or with an area code that is "
    "the same; write it with +";
static const char NO_AREA[] =
    "has not the 10 digits of a number in North America; give it with its "
    "area code";

struct collected {
    char digits[COLLECTED_MAX + 1];
    size_t count;
    bool plus;
    size_t zero; /* where the 0 of "(0)" is; NO_ZERO: none */
};

/* What people write before a number. */
static void skip_label(struct lb_str *text)
{
    static const char *const LABELS[] = {"telephone", "telefon", "phone",   "mobile",
                                         "mobil",     "cell",    "handy",   "tel",
                                         "callto",    "sms",     "whatsapp"};
    lb_name_trim_opening(text);
    while (text->len && (text->ptr[0] == '=' || text->ptr[0] == '"'))
        *text = lb_str_skip(*text, 1);
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++) {
        struct lb_str label = lb_str(LABELS[i]);
        if (!lb_ascii_starts_lower(*text, label) || text->len == label.len ||
            !strchr(".: +(0123456789", text->ptr[label.len]))
            continue;
        *text = lb_str_skip(*text, label.len);
        while (text->len && strchr(".: ", text->ptr[0]))
            *text = lb_str_skip(*text, 1);
        return;
    }
}

/* 4.91701E+11 */
static bool is_shortened(struct lb_str text)
{
    size_t mantissa = lb_name_span(text, "eE");
    if (mantissa < 3 || mantissa + 1 >= text.len || (text.ptr[1] != '.' && text.ptr[1] != ','))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (i != 1 && i != mantissa && (text.ptr[i] < '0' || text.ptr[i] > '9') &&
            !(i == mantissa + 1 && text.ptr[i] == '+'))
            return false;
    return true;
}

/* 491701234567.0, as some programs write a column of numbers. */
static void drop_fraction(struct lb_str *text)
{
    if (text->len < DIGITS_MIN + 2 || memcmp(text->ptr + text->len - 2, ".0", 2) != 0)
        return;
    for (size_t i = text->ptr[0] == '+'; i < text->len - 2; i++)
        if (text->ptr[i] < '0' || text->ptr[i] > '9')
            return;
    text->len -= 2;
}

static int digit_of(int32_t point)
{
    static const int32_t ZEROS[] = {'0', 0x660, 0x6f0, 0x966, 0x9e6, 0xe50};
    for (size_t i = 0; i < sizeof ZEROS / sizeof *ZEROS; i++)
        if (point >= ZEROS[i] && point <= ZEROS[i] + 9)
            return (int)(point - ZEROS[i]);
    return -1;
}

static bool is_separator(int32_t point)
{
    return (point < 0x80 && point > 0 && strchr(" -./()[]'\"", point)) ||
           (point >= 0x2010 && point <= 0x2015) || point == 0x2212 || point == 0xb7 ||
           point == 0x2022 || point == 0x2215 || point == 0x2044 || point == 0x30fc;
}

static const char *refuse(struct lb_str rest, int32_t point, bool begun, struct lb_typed_name *out)
{
    static const char *const WORDS[] = {"x",     "ext",      "durchwahl", "dw",
                                        "poste", "anexo",    "ramal",     "interno",
                                        "int.",  "apparaat", "#"};
    for (size_t i = 0; begun && i < sizeof WORDS / sizeof *WORDS; i++)
        if (lb_ascii_starts_lower(rest, lb_str(WORDS[i])))
            return EXTENSION;
    if (begun && lb_ascii_starts_lower(rest, LB_STR(";ext")))
        return EXTENSION;
    if ((point | 0x20) >= 'a' && (point | 0x20) <= 'z')
        return LETTERS;
    return lb_name_refuse_point(out, "contains ", point,
                                "; a phone number is digits, and + at its start");
}

static const char *collect(struct lb_str text, struct collected *found, struct lb_typed_name *out)
{
    size_t bytes;
    int32_t point;
    *found = (struct collected){.zero = NO_ZERO};
    for (; text.len; text = lb_str_skip(text, bytes)) {
        if (!lb_identifier_point(text, &point, &bytes))
            return lb_identifier_not_utf8;
        int digit = digit_of(point);
        if (point == '+') {
            if (found->plus || found->count)
                return TWO;
            found->plus = true;
        } else if (digit >= 0) {
            if (found->count == COLLECTED_MAX)
                return LONG;
            found->digits[found->count++] = (char)('0' + digit);
        } else if (!is_separator(point)) {
            return refuse(text, point, found->count > 0, out);
        }
        if (found->count && lb_ascii_starts_lower(text, LB_STR("(0)")) && found->zero == NO_ZERO)
            found->zero = found->count;
    }
    return found->count ? NULL : EMPTY;
}

/* Is it as 1-800-FLOWERS: something with letters that begins as a number does? */
static bool begins_as_number(struct lb_str text)
{
    size_t bytes;
    int32_t point;
    skip_label(&text);
    return text.len && lb_identifier_point(text, &point, &bytes) &&
           (point == '+' || digit_of(point) >= 0);
}

bool lb_name_means_phone(struct lb_str text, const char *reason)
{
    size_t bytes, digits = 0;
    int32_t point;
    if (reason == SPREADSHEET || (reason == LETTERS && begins_as_number(text)))
        return true;
    for (; text.len && lb_identifier_point(text, &point, &bytes); text = lb_str_skip(text, bytes))
        digits += digit_of(point) >= 0;
    return digits >= DIGITS_MIN;
}

static void drop(struct collected *found, size_t at, size_t count)
{
    memmove(found->digits + at, found->digits + at + count, found->count - at - count);
    found->count -= count;
}

static bool begins_with(const struct collected *found, const char *digits)
{
    size_t len = strlen(digits);
    return len && found->count > len && memcmp(found->digits, digits, len) == 0;
}

/* Numbers there begin with a 0 that is part of them. */
static bool keeps_zero(unsigned code)
{
    return code == 39 || code == 378 || code == 225 || code == 229 || code == 241 || code == 242;
}

/* `found` holds a calling code and what follows it. */
static const char *take_international(struct collected *found, struct lb_typed_name *out)
{
    const struct lb_phone_country *country =
        lb_phone_country_of((struct lb_str){found->digits, found->count});
    if (!country)
        return BAD_CODE;
    size_t code = country->code < 10 ? 1 : country->code < 100 ? 2 : 3;
    if (found->zero < found->count && found->zero >= code && !keeps_zero(country->code))
        drop(found, found->zero, 1);
    while (strcmp(country->trunk, "0") == 0 && found->count > code && found->digits[code] == '0')
        drop(found, code, 1);
    if (found->count < DIGITS_MIN)
        return SHORT;
    if (found->count > DIGITS_MAX)
        return LONG;
    if (country->code == 1 && found->count != 1 + NANP_DIGITS)
        return NO_AREA;
    lb_name_append(out, LB_STR("+"));
    lb_name_append(out, (struct lb_str){found->digits, found->count});
    return NULL;
}

/* Countries where a number with its calling code may be as long as another one without: of Vienna
 * "431234567", and of Wolfsberg "435212345". */
static const struct variable {
    uint16_t code;
    uint8_t shortest; /* digits of a national number */
    uint8_t longest;  /* of one that begins as the calling code does; 0: none begins so */
    char next;        /* what follows there in such a number; 0: anything */
} VARIABLE[] = {
    {20, 8, 0, 0},  {39, 9, 10, 0}, {43, 6, 13, '5'}, {46, 7, 9, 0},  {49, 6, 11, 0},
    {60, 8, 0, 0},  {62, 8, 10, 0}, {63, 8, 9, 0},    {64, 8, 8, 0},  {82, 8, 0, 0},
    {95, 7, 10, 0}, {352, 6, 8, 0}, {358, 6, 9, 0},   {376, 6, 0, 0},
};

enum reading { READ_NATIONAL, READ_INTERNATIONAL, READ_BOTH };

/* By the rules of today; by those before these; or by those of today, where what may be two numbers
 * has its calling code. */
enum rules { TODAY, BEFORE, WITH_CODE };

/* How digits are read that begin as the country's calling code does, without a trunk prefix. */
static enum reading judge(const struct collected *found, const struct lb_phone_country *country,
                          size_t code_len)
{
    if (found->count > country->max_digits && country->max_digits)
        return READ_INTERNATIONAL;
    for (size_t i = 0; i < sizeof VARIABLE / sizeof *VARIABLE; i++) {
        const struct variable *here = &VARIABLE[i];
        if (here->code != country->code || found->count < code_len + here->shortest)
            continue;
        bool national =
            found->count <= here->longest && (!here->next || found->digits[code_len] == here->next);
        return national ? READ_BOTH : READ_INTERNATIONAL;
    }
    return READ_NATIONAL;
}

/* The same under the rules before these, which knew it by its length alone. */
static enum reading judge_before(const struct collected *found,
                                 const struct lb_phone_country *country)
{
    return country->max_digits && found->count > country->max_digits ? READ_INTERNATIONAL
                                                                     : READ_NATIONAL;
}

/* The national number there may hold the calling code without its +. */
static const char *take_national(struct collected *found, const struct lb_phone_country *country,
                                 enum rules rules, struct lb_typed_name *out)
{
    char code[8];
    snprintf(code, sizeof code, "%u", country->code);
    size_t trunk = strlen(country->trunk);
    bool exact = found->count == country->max_digits + trunk;
    enum reading reading = !begins_with(found, code) ? READ_NATIONAL
                           : rules == BEFORE         ? judge_before(found, country)
                                                     : judge(found, country, strlen(code));
    if (begins_with(found, country->trunk) && (exact || country->trunk[0] == '0'))
        drop(found, 0, trunk);
    else if (country->code == 370 && found->count == 9 && found->digits[0] == '8')
        drop(found, 0, 1); /* as it was in Lithuania until 2023 */
    else if (reading != READ_NATIONAL)
        return reading == READ_BOTH && rules == TODAY ? BOTH : take_international(found, out);
    if (found->count + strlen(code) > DIGITS_MAX)
        return LONG;
    memmove(found->digits + strlen(code), found->digits, found->count);
    memcpy(found->digits, code, strlen(code));
    found->count += strlen(code);
    return take_international(found, out);
}

static const char *read_phone(struct lb_str text, struct lb_str country, enum rules rules,
                              struct lb_typed_name *out)
{
    struct collected found;
    const struct lb_phone_country *here = lb_phone_country(country);
    if (is_shortened(text))
        return SPREADSHEET;
    skip_label(&text);
    lb_name_trim_closing(&text);
    drop_fraction(&text);
    const char *reason = collect(text, &found, out);
    if (reason)
        return reason;
    if (country.len && !here)
        return BAD_COUNTRY;
    if (found.plus)
        return take_international(&found, out);
    size_t exit = here && begins_with(&found, here->exit) ? strlen(here->exit)
                  : begins_with(&found, "00")             ? 2
                                                          : 0;
    if (!exit && !here)
        return found.count < DIGITS_MIN ? SHORT : NO_COUNTRY;
    if (!exit) {
        found.zero = NO_ZERO; /* which is the trunk prefix, as written */
        return take_national(&found, here, rules, out);
    }
    drop(&found, 0, exit);
    found.zero = found.zero >= exit && found.zero != NO_ZERO ? found.zero - exit : NO_ZERO;
    return take_international(&found, out);
}

const char *lb_name_phone(struct lb_str text, struct lb_str country, struct lb_typed_name *out)
{
    return read_phone(text, country, TODAY, out);
}

bool lb_name_phone_before(struct lb_str text, struct lb_str country, struct lb_typed_name *out)
{
    struct lb_typed_name today = {.len = 0};
    const char *refused = read_phone(text, country, TODAY, &today);
    return !read_phone(text, country, BEFORE, out) &&
           (refused || !lb_str_equal(lb_typed_name_str(&today), lb_typed_name_str(out)));
}

bool lb_name_phone_with_code(struct lb_str text, struct lb_str country, struct lb_typed_name *out)
{
    struct lb_typed_name today = {.len = 0};
    return read_phone(text, country, TODAY, &today) == BOTH &&
           !read_phone(text, country, WITH_CODE, out);
}
