#include "domain/blocklist/identifier_internal.h"

#include <stdio.h>
#include <utf8proc.h>

#define MEMBER_ID_PREFIX 5
#define MEMBER_ID_MIN    (MEMBER_ID_PREFIX + 30) /* bytes: ACoAA or ACwAA, and 30 more */
#define URN_KIND_SHOWN   40

#define GIVE_NAME    "give the part after /in/ of a profile URL"
#define GIVE_PROFILE "give the profile URL of the person (.../in/...)"
#define EMPTY_FIELD  ": an empty field of a program? Leave it out, or " GIVE_NAME

const char lb_identifier_too_long[] = "is longer than 100 characters; " GIVE_NAME;
const char lb_identifier_two[] = "holds two addresses, or more than one name; give one at a time";

static const char DOT[] = "contains \".\"; a domain or e-mail address is no LinkedIn name";
static const char E_MAIL[] =
    "is an e-mail address; give the part after /in/ of the person's profile URL";
static const char NO_LETTER[] = "has no letter, digit or symbol; " GIVE_NAME;
static const char LOST_CAPITALS[] =
    "is a member id that has lost its capital letters; copy it as LinkedIn has it (ACoAA...), or "
    "give the profile URL";
static const char CUT_SHORT[] = "is a member id that was cut short: ACoAA or ACwAA must be "
                                "followed by 30 characters or more; copy all of it";
static const char RECRUITER_ID[] =
    "is an id of LinkedIn Recruiter, which no profile has; " GIVE_PROFILE;
static const char NO_MEMBER[] =
    "has no member id (ACoAA... or ACwAA...) where one belongs; " GIVE_PROFILE;
static const char DIGITS[] =
    "is only digits: a record number? If it is a LinkedIn name, send its address";
static const char SALES_PART[] =
    "is a part of a Sales Navigator URL; give the member id before it (ACwAA...), or " GIVE_PROFILE;
static const char PAGE[] = "is a page of LinkedIn, not a person; " GIVE_PROFILE;

struct kind_of_name {
    struct lb_str name;
    const char *reason;
};

static const struct kind_of_name FIELDS[] = {
    {LB_STR("undefined"), "is \"undefined\"" EMPTY_FIELD},
    {LB_STR("null"), "is \"null\"" EMPTY_FIELD},
};

static const struct kind_of_name DOUBTFUL_FIELDS[] = {
    {LB_STR("nan"), "is \"nan\"" EMPTY_FIELD},
    {LB_STR("none"), "is \"none\"" EMPTY_FIELD},
    {LB_STR("name_search"), SALES_PART}, /* of ACwAA...,NAME_SEARCH,x */
};

static const struct kind_of_name PAGES[] = {
    {LB_STR("me"), PAGE},
    {LB_STR("in"), PAGE}, /* of an address in an address: /in/in/NAME */
    {LB_STR("edit"), PAGE},
    {LB_STR("unavailable"), PAGE},
};

#define REASON_IN(table, text) reason_in(table, sizeof(table) / sizeof *(table), text)

static const char *reason_in(const struct kind_of_name *table, size_t count, struct lb_str name)
{
    for (size_t i = 0; i < count; i++)
        if (lb_str_equal(table[i].name, name))
            return table[i].reason;
    return NULL;
}

/* --- Characters --- */

/* The reason that names a character. */
static const char *refuse_point(int32_t point, struct lb_identifier *out)
{
    if (point == '.')
        return DOT;
    if (lb_identifier_is_white_space(point))
        return lb_identifier_white_space;
    if (lb_identifier_is_control(point))
        return lb_identifier_control;
    utf8proc_category_t category = utf8proc_category(point);
    if (lb_identifier_is_ignorable(point) || category == UTF8PROC_CATEGORY_CF ||
        category == UTF8PROC_CATEGORY_CS || category == UTF8PROC_CATEGORY_CO ||
        category == UTF8PROC_CATEGORY_CN || point == 0xfffd || point == 0x2800) {
        snprintf(out->text, sizeof out->text,
                 "contains U+%04X, an invisible, private or unassigned character; type the name by "
                 "hand",
                 (unsigned)point);
    } else {
        char shown[5] = "";
        utf8proc_encode_char(point, (utf8proc_uint8_t *)shown);
        snprintf(out->text, sizeof out->text,
                 "contains \"%s\"; LinkedIn names are letters, digits and hyphens", shown);
    }
    return out->text;
}

/* Symbols that people have in their names: pictures, and what else Unicode counts as So. */
static bool is_symbol(int32_t point, utf8proc_category_t category)
{
    if (category == UTF8PROC_CATEGORY_SO)
        return point != 0xfffd && point != 0x2800;
    if (category == UTF8PROC_CATEGORY_CN) /* pictures of later versions of Unicode */
        return point >= 0x1f000 && point <= 0x1ffff;
    /* The one break class that is made of a property: Extended_Pictographic. */
    int boundary = utf8proc_get_property(point)->boundclass;
    return boundary == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
           (point >= 0x1f3fb && point <= 0x1f3ff); /* skin tones */
}

enum point_class { POINT_REFUSED, POINT_JOINS, POINT_NAMES };

static enum point_class class_of(int32_t point)
{
    if (point < 0x80)
        return point == '-' || point == '_'                      ? POINT_JOINS
               : point >= 0 && lb_identifier_plain[point & 0x7f] ? POINT_NAMES
                                                                 : POINT_REFUSED;
    if (point == 0x2019 || point == 0xb7)
        return POINT_JOINS;
    if (lb_identifier_is_ignorable(point))
        return POINT_REFUSED;
    utf8proc_category_t category = utf8proc_category(point);
    switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return POINT_NAMES;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return POINT_JOINS;
    default:
        return is_symbol(point, category) ? POINT_NAMES : POINT_REFUSED;
    }
}

const char *lb_identifier_check_points(const int32_t *points, size_t count,
                                       struct lb_identifier *out)
{
    bool names = false;
    for (size_t i = 1; i < count; i++)
        if (points[i] == '@')
            return E_MAIL;
    for (size_t i = 0; i < count; i++) {
        enum point_class class = class_of(points[i]);
        if (class == POINT_REFUSED)
            return refuse_point(points[i], out);
        names |= class == POINT_NAMES;
    }
    if (count > LB_IDENTIFIER_MAX_CODE_POINTS)
        return lb_identifier_too_long;
    return names ? NULL : NO_LETTER;
}

/* --- What is spelled well, and something else --- */

static bool is_member_prefix(const char *text, const char *a, const char *b)
{
    return memcmp(text, a, MEMBER_ID_PREFIX) == 0 || memcmp(text, b, MEMBER_ID_PREFIX) == 0;
}

bool lb_identifier_is_plain(struct lb_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!lb_identifier_plain[(unsigned char)text.ptr[i]])
            return false;
    return true;
}

bool lb_identifier_is_member_id(struct lb_str canonical)
{
    return canonical.len >= MEMBER_ID_MIN && is_member_prefix(canonical.ptr, "ACoAA", "ACwAA");
}

const char *lb_identifier_check_kind(struct lb_str given, struct lb_identifier *out)
{
    struct lb_str name = {out->text, out->len};
    if (lb_identifier_is_member_id(name))
        return NULL;
    if (given.len >= MEMBER_ID_PREFIX && given.len < MEMBER_ID_MIN &&
        is_member_prefix(given.ptr, "ACoAA", "ACwAA"))
        return CUT_SHORT;
    if (name.len >= MEMBER_ID_MIN && lb_identifier_is_plain(name)) {
        if (is_member_prefix(name.ptr, "acoaa", "acwaa"))
            return LOST_CAPITALS;
        if (is_member_prefix(name.ptr, "aemaa", "aemaa"))
            return RECRUITER_ID;
    }
    size_t joiners = 0;
    while (joiners < name.len && (name.ptr[joiners] == '-' || name.ptr[joiners] == '_'))
        joiners++;
    if (joiners == name.len)
        return NO_LETTER;
    const char *reason = REASON_IN(FIELDS, name);
    return reason || out->bare ? reason : REASON_IN(PAGES, name);
}

const char *lb_identifier_judge_doubt(const struct lb_identifier *identifier, bool adds)
{
    struct lb_str name = {identifier->text, identifier->len};
    if (!identifier->bare)
        return NULL;
    size_t digits = 0;
    while (adds && digits < name.len && name.ptr[digits] >= '0' && name.ptr[digits] <= '9')
        digits++;
    return digits && digits == name.len ? DIGITS : REASON_IN(DOUBTFUL_FIELDS, name);
}

/* --- Member ids in other clothes --- */

static size_t span_until_any(struct lb_str text, const char *stops)
{
    size_t n = 0;
    while (n < text.len && !(text.ptr[n] && strchr(stops, text.ptr[n])))
        n++;
    return n;
}

static const char *refuse_urn(struct lb_str kind, struct lb_identifier *out)
{
    size_t len = 0;
    while (len < kind.len && len < URN_KIND_SHOWN &&
           lb_identifier_plain[(unsigned char)kind.ptr[len]])
        len++;
    snprintf(out->text, sizeof out->text,
             "is a LinkedIn URN of the kind \"%.*s\", which names no profile; give the member id "
             "(ACoAA...) or " GIVE_PROFILE,
             (int)len, kind.ptr);
    return out->text;
}

/* Is one of the parts that commas divide a member id? */
static bool holds_member_id(struct lb_str parts)
{
    while (parts.len) {
        size_t len = span_until_any(parts, ",");
        if (lb_identifier_is_member_id((struct lb_str){parts.ptr, len}))
            return true;
        parts = lb_str_skip(parts, len < parts.len ? len + 1 : len);
    }
    return false;
}

/* Of what follows the kind in brackets: `(ID,NAME_SEARCH,x)` names one member. */
static const char *check_brackets(struct lb_str rest, struct lb_str id)
{
    size_t end = span_until_any(rest, ")");
    struct lb_str others = {rest.ptr + id.len, end - id.len};
    bool open = end == rest.len && others.len;
    bool goes_on = end + 1 < rest.len || lb_ascii_holds_lower(rest, LB_STR("urn:"));
    return open || goes_on || holds_member_id(others) ? lb_identifier_two : NULL;
}

const char *lb_identifier_member_of_urn(struct lb_str urn, struct lb_str *out_id,
                                        struct lb_identifier *out)
{
    static const struct lb_str kinds[] = {LB_STR("fsd_profile"), LB_STR("fs_miniprofile"),
                                          LB_STR("fs_salesprofile")};
    struct lb_str rest = lb_str_skip(urn, sizeof "urn:li:" - 1);
    struct lb_str kind = {rest.ptr, span_until_any(rest, ":")};
    bool known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        known |= lb_ascii_equals_lower(kind, kinds[i]);
    rest = lb_str_skip(rest, kind.len);
    if (!known || !rest.len)
        return refuse_urn(kind, out);
    rest = lb_str_skip(rest, 1);
    if (rest.len && rest.ptr[0] == '(')
        rest = lb_str_skip(rest, 1);
    else if (span_until_any(rest, ",)") < rest.len)
        return lb_identifier_two; /* a list of URNs */
    *out_id = (struct lb_str){rest.ptr, span_until_any(rest, ",)")};
    return check_brackets(rest, *out_id);
}

struct lb_str lb_identifier_member_of_sales(struct lb_str segment)
{
    return (struct lb_str){segment.ptr, span_until_any(segment, ",")};
}

const char *lb_identifier_check_member(const struct lb_identifier *out)
{
    return lb_identifier_is_member_id((struct lb_str){out->text, out->len}) ? NULL : NO_MEMBER;
}
