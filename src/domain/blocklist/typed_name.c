#include "domain/blocklist/typed_name.h"

#include "domain/blocklist/name_internal.h"

static const char BOTH_STORED[] = "may be two numbers, and both are stored; write the one that is "
                                  "meant with +";
static const char NO_MEMBER[] = "is not a member id; those begin with ACoAA or ACwAA";

static const char *const WORDS[LB_NAME_TYPES] = {
    [LB_NAME_LINKEDIN] = "publicIdentifier",
    [LB_NAME_MEMBER_ID] = "memberId",
    [LB_NAME_EMAIL] = "email",
    [LB_NAME_PHONE] = "phone",
    [LB_NAME_DOMAIN] = "domain",
    [LB_NAME_COMPANY_PAGE] = "company",
    [LB_NAME_COMPANY] = "company",
};

const char *lb_name_type_word(enum lb_name_type type)
{
    return WORDS[type];
}

bool lb_name_type_of_word(struct lb_str word, enum lb_name_type *out)
{
    bool found = lb_str_equal(word, LB_STR("linkedinUrl"));
    if (found)
        *out = LB_NAME_LINKEDIN;
    for (int type = 0; type < LB_NAME_TYPES; type++) /* of `company` the last: its name */
        if (lb_str_equal(word, lb_str(WORDS[type]))) {
            *out = (enum lb_name_type)type;
            found = true;
        }
    return found;
}

/* LinkedIn names and member ids have rules of their own. */
static const char *normalise_person(enum lb_name_type type, struct lb_str raw, bool adds,
                                    struct lb_typed_name *out)
{
    struct lb_identifier name;
    const char *reason = lb_identifier_normalise(raw, &name);
    if (reason == name.text) {
        lb_name_append(out, lb_str(reason));
        return out->text;
    }
    if (reason)
        return reason;
    bool member = lb_identifier_is_member_id((struct lb_str){name.text, name.len});
    if (type == LB_NAME_MEMBER_ID && !member)
        return NO_MEMBER;
    out->type = member ? LB_NAME_MEMBER_ID : LB_NAME_LINKEDIN;
    out->doubt = name.bare ? lb_identifier_doubt(&name, adds) : NULL;
    lb_name_append(out, (struct lb_str){name.text, name.len});
    return NULL;
}

static const char *normalise_tidy(struct lb_str text, const struct lb_name_rules *rules,
                                  struct lb_typed_name *out)
{
    switch (out->type) {
    case LB_NAME_EMAIL:
        return lb_name_email(text, out);
    case LB_NAME_PHONE:
        return lb_name_phone(text, rules->country, out);
    case LB_NAME_DOMAIN:
        return lb_name_domain(text, rules->adds, out);
    case LB_NAME_COMPANY_PAGE:
        return lb_name_company_page(text, out);
    default:
        if (!lb_name_is_company_page(text))
            return lb_name_company(text, out);
        out->type = LB_NAME_COMPANY_PAGE;
        return lb_name_company_page(text, out);
    }
}

static bool is_of_word(char byte)
{
    return byte & 0x80 || lb_identifier_plain[(unsigned char)byte];
}

/* Is there a dot with two characters of a word behind it, as in each host name that can be blocked?
 * Also after blanks: "acme. com". `letter`: the first is one, as in none of an IP address. */
static bool holds_ending(struct lb_str text, bool letter)
{
    for (; text.len; text = lb_str_skip(text, 1)) {
        struct lb_str rest = lb_str_skip(text, 1);
        if (text.ptr[0] != '.')
            continue;
        while (rest.len && rest.ptr[0] == ' ')
            rest = lb_str_skip(rest, 1);
        bool number = letter && rest.len && rest.ptr[0] >= '0' && rest.ptr[0] <= '9';
        if (rest.len > 1 && !number && is_of_word(rest.ptr[0]) && is_of_word(rest.ptr[1]))
            return true;
    }
    return false;
}

/* Is there such an ending, behind the @ where there is one? */
static bool holds_address(struct lb_str text)
{
    struct lb_str rest = text;
    while (rest.len && rest.ptr[0] != '@' && !lb_ascii_starts_lower(rest, LB_STR("%40")))
        rest = lb_str_skip(rest, 1);
    return holds_ending(rest.len ? rest : text, false);
}

static enum lb_name_refused judge_refused(enum lb_name_type type, struct lb_str text,
                                          const char *reason)
{
    bool meant = true;
    if (reason == lb_name_few_letters)
        return LB_NAME_NO_ENTRY;
    if (reason == lb_name_no_memory)
        return LB_NAME_MEANT;
    if (type == LB_NAME_EMAIL)
        meant = holds_address(text);
    else if (type == LB_NAME_PHONE)
        meant = lb_name_means_phone(text, reason);
    else if (type == LB_NAME_DOMAIN)
        meant = holds_ending(text, reason == lb_name_ip_address);
    else if (type == LB_NAME_COMPANY)
        meant = lb_name_scheme(text) || holds_ending(text, false);
    return meant ? LB_NAME_MEANT : LB_NAME_ABSENT;
}

static void clear(enum lb_name_type type, struct lb_typed_name *out)
{
    out->type = type;
    out->refused = LB_NAME_MEANT;
    out->len = 0;
    out->doubt = NULL;
    out->forceable = false;
    out->text[0] = '\0';
}

bool lb_typed_name_before(enum lb_name_type type, struct lb_str raw,
                          const struct lb_name_rules *rules, struct lb_typed_name *out)
{
    char text[LB_TYPED_NAME_RAW_MAX];
    struct lb_str tidy;
    clear(type, out);
    return type == LB_NAME_PHONE && rules->country.len && !lb_name_tidy(raw, text, &tidy) &&
           lb_name_phone_before(tidy, rules->country, out);
}

bool lb_name_company_before(struct lb_str raw, struct lb_typed_name *out)
{
    char text[LB_TYPED_NAME_RAW_MAX];
    struct lb_str tidy;
    clear(LB_NAME_COMPANY, out);
    return !lb_name_tidy(raw, text, &tidy) && !lb_name_is_company_page(tidy) &&
           lb_name_company_earlier(tidy, out);
}

bool lb_typed_name_person_before(struct lb_str raw, struct lb_typed_name *out)
{
    struct lb_identifier today, before;
    clear(LB_NAME_LINKEDIN, out);
    bool good = !lb_identifier_normalise(raw, &today);
    if (!lb_identifier_before(raw, good ? &today : NULL, &before))
        return false;
    struct lb_str form = {before.text, before.len};
    if (lb_identifier_is_member_id(form))
        out->type = LB_NAME_MEMBER_ID;
    return lb_name_append(out, form);
}

/* The other number of what may be two. */
static bool read_with_code(struct lb_str raw, const struct lb_name_rules *rules,
                           struct lb_typed_name *out)
{
    char text[LB_TYPED_NAME_RAW_MAX];
    struct lb_str tidy;
    clear(LB_NAME_PHONE, out);
    return !lb_name_tidy(raw, text, &tidy) && lb_name_phone_with_code(tidy, rules->country, out);
}

const char *lb_typed_name_stored(enum lb_name_type type, struct lb_str raw,
                                 const struct lb_name_rules *rules, void *context,
                                 bool (*is_stored)(void *context, const struct lb_typed_name *),
                                 struct lb_typed_name *out)
{
    struct lb_typed_name before, with_code;
    const char *wrong = lb_typed_name_normalise(type, raw, rules, out);
    if (!lb_typed_name_before(type, raw, rules, &before))
        return wrong;
    bool was = is_stored(context, &before);
    bool is = !wrong ? is_stored(context, out)
                     : read_with_code(raw, rules, &with_code) && is_stored(context, &with_code);
    if (wrong && was && is)
        return BOTH_STORED;
    if (wrong && is)
        *out = with_code;
    else if (was && !is)
        *out = before;
    return was || is ? NULL : wrong;
}

const char *lb_typed_name_normalise(enum lb_name_type type, struct lb_str raw,
                                    const struct lb_name_rules *rules, struct lb_typed_name *out)
{
    char text[LB_TYPED_NAME_RAW_MAX];
    struct lb_str tidy = raw;
    clear(type, out);
    if (type == LB_NAME_LINKEDIN || type == LB_NAME_MEMBER_ID)
        return normalise_person(type, raw, rules->adds, out);
    const char *reason = lb_name_tidy(raw, text, &tidy);
    if (!reason)
        reason = normalise_tidy(tidy, rules, out);
    if (reason)
        out->refused = judge_refused(out->type, tidy, reason);
    else if ((type == LB_NAME_COMPANY || type == LB_NAME_COMPANY_PAGE) && rules->adds)
        lb_name_judge_company(tidy, out);
    else if (type == LB_NAME_EMAIL && rules->adds)
        lb_name_judge_email(out);
    return reason;
}

bool lb_name_next_domain(struct lb_str *at, struct lb_str *out)
{
    const char *mark = memchr(at->ptr, '@', at->len);
    if (mark)
        *at = lb_str_skip(*at, (size_t)(mark + 1 - at->ptr));
    const char *dot = at->len ? memchr(at->ptr, '.', at->len) : NULL;
    if (!dot)
        return false;
    *out = *at;
    *at = lb_str_skip(*at, (size_t)(dot + 1 - at->ptr));
    return true;
}

bool lb_name_is_country(struct lb_str country)
{
    return lb_phone_country(country) != NULL;
}

struct lb_str lb_name_country(struct lb_str country)
{
    const struct lb_phone_country *found = lb_phone_country(country);
    return found ? lb_str(found->iso) : (struct lb_str){0};
}
