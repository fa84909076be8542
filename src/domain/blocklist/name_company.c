#include "domain/blocklist/name_internal.h"

#include "base/utf8.h"

#include <strings.h>
#include <utf8proc.h>

#define NAME_CHARACTERS_MAX 200 /* as many as a lead's companyName may have */
#define SLUG_CHARACTERS_MAX 100

#define ROUNDS_MAX 8

#define EMPTY_FIELD                                                                                \
    "is what stands in an empty field, so unrelated companies would be blocked; give the "         \
    "company's LinkedIn page (https://www.linkedin.com/company/...) or its domain"
static const char EMPTY_PAGE[] = EMPTY_FIELD;
static const char EMPTY_NAME[] =
    EMPTY_FIELD "; if it is the company's name, send \"force\": true with it alone";
static const char LEFT_OVER[] =
    "is what a program leaves where a name should stand; give the company's name, its LinkedIn "
    "page or its domain; if it is the name, send \"force\": true with it alone";
static const char UNSTABLE[] = "combines characters in a way that has no single form; type it anew";
static const char TOO_LONG[] = "has more than 200 characters; give the company's name alone";
const char lb_name_few_letters[] =
    "has fewer than two letters, which could be anything; give the company's LinkedIn page "
    "(https://www.linkedin.com/company/...) or its domain";
static const char OTHER_SITE[] =
    "is a URL of another site than LinkedIn; to block a company by it, give it as a domain";
static const char PERSON[] = "is the LinkedIn profile of a person; give it as a publicIdentifier";
static const char NO_PAGE[] = "is a LinkedIn URL, but not of a company; give one of the form "
                              "https://www.linkedin.com/company/...";
static const char NO_SLUG[] = "has nothing after /company/; give the company's whole LinkedIn URL";
static const char LONG_SLUG[] =
    "has more than 100 characters after /company/; LinkedIn has no such "
    "page";
static const char EMAIL[] = "is an e-mail address; give it as an email";
static const char TWO[] = "holds two URLs; give one company alone";
static const char WHITE_SPACE[] = "contains white space; give one company page alone";

/* --- Names --- */

static bool is_word(int32_t point)
{
    if (point < 0x80)
        return (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9') || point == '+';
    utf8proc_category_t category = utf8proc_category(point);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO &&
           point != 0x2bc && /* an apostrophe, which NFKC also makes of U+0149 */
           !lb_identifier_is_ignorable(point);
}

/* Signs that NFKC would make letters, or a blank with a mark, of. */
static bool is_sign(int32_t point)
{
    return point == 0x2122 || point == 0x2120 || point == 0xb4 || point == 0xa8 || point == 0xaf ||
           point == 0xb8;
}

/* Words with one blank between them; a mark needs something to stand on. */
static size_t keep_words(int32_t *points, size_t count)
{
    size_t n = 0;
    bool gap = false;
    for (size_t i = 0; i < count; i++) {
        bool word = is_word(points[i]);
        if (word && lb_name_is_mark(points[i]) && (gap || n == 0))
            word = false;
        if (word && gap && n > 0)
            points[n++] = ' ';
        if (word)
            points[n++] = points[i];
        gap = !word;
    }
    return n;
}

static const char *fold_name(int32_t *points, size_t *count)
{
    int32_t before[LB_FOLD_TEXT_MAX];
    size_t n = 0;
    for (size_t i = 0; i < *count; i++) {
        int32_t point = is_sign(points[i]) ? ' ' : points[i];
        if (point != 0x200c && point != 0x200d) /* as other invisible characters */
            points[n++] = point;
    }
    *count = n;
    for (int round = 0; round < ROUNDS_MAX; round++) { /* what was parted may combine */
        n = *count;
        memcpy(before, points, n * sizeof *points);
        const char *reason = lb_identifier_fold_compatible(points, count);
        if (reason)
            return reason == lb_identifier_too_long ? TOO_LONG : reason;
        *count = keep_words(points, *count);
        if (*count == n && memcmp(points, before, n * sizeof *points) == 0)
            return NULL;
    }
    return UNSTABLE;
}

static size_t count_letters(struct lb_str text)
{
    size_t letters = 0, bytes;
    int32_t point;
    for (; text.len && lb_identifier_point(text, &point, &bytes); text = lb_str_skip(text, bytes)) {
        utf8proc_category_t category = utf8proc_category(point);
        letters += category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    }
    return letters;
}

/* Takes the legal forms off, unless what is left were none or that of unrelated companies: then
 * those alone that earlier versions took. */
static struct lb_str without_forms(struct lb_str folded)
{
    struct lb_str name = lb_name_without_legal_forms(folded, false);
    bool good = count_letters(name) >= 2 && !lb_name_is_no_company(LB_NAME_COMPANY, name);
    return good ? name : lb_name_without_legal_forms(folded, true);
}

struct lb_str lb_name_held(enum lb_name_type type, struct lb_str stored)
{
    return type == LB_NAME_COMPANY ? without_forms(stored) : stored;
}

/* The name with its legal forms, in `form`. */
static const char *fold_company(struct lb_str text, char form[4 * LB_FOLD_TEXT_MAX],
                                struct lb_str *out)
{
    int32_t points[LB_FOLD_POINTS];
    size_t count;
    if (lb_name_scheme(text))
        return OTHER_SITE;
    if (memchr(text.ptr, '@', text.len) && !memchr(text.ptr, ' ', text.len) &&
        memchr(text.ptr, '.', text.len) && text.ptr[0] != '@')
        return EMAIL;
    const char *reason = lb_identifier_read_points(text, points, &count);
    if (!reason)
        reason = fold_name(points, &count);
    if (reason)
        return reason == lb_identifier_too_long ? TOO_LONG : reason;
    if (count > NAME_CHARACTERS_MAX)
        return TOO_LONG;
    *out = (struct lb_str){form, lb_identifier_encode(points, count, form)};
    return NULL;
}

const char *lb_name_company(struct lb_str text, struct lb_typed_name *out)
{
    char form[4 * LB_FOLD_TEXT_MAX];
    struct lb_str name;
    const char *reason = fold_company(text, form, &name);
    if (reason)
        return reason;
    name = without_forms(name);
    if (count_letters(name) < 2)
        return lb_name_few_letters;
    lb_name_append(out, name);
    return NULL;
}

bool lb_name_company_earlier(struct lb_str text, struct lb_typed_name *out)
{
    char form[4 * LB_FOLD_TEXT_MAX];
    struct lb_str name;
    if (fold_company(text, form, &name))
        return false;
    struct lb_str earlier = lb_name_without_legal_forms(name, true);
    if (earlier.len == without_forms(name).len || count_letters(earlier) < 2)
        return false;
    lb_name_append(out, earlier);
    return true;
}

/* {{company}}, {company}, ${company}, <%= company %>, %COMPANY%, *|COMPANY|*, #REF!, [object
 * Object]: of templates that were not filled in, of spreadsheets and programs, also in quotation
 * marks. What is left of them are words: "ref". */
static bool is_left_over(struct lb_str text)
{
    static const char *const signs[] = {"{{", "${", "<%", "*|", "[[", "%("};
    while (text.len && strchr("\"'=", text.ptr[0]))
        text = lb_str_skip(text, 1);
    while (text.len && strchr("\"'", text.ptr[text.len - 1]))
        text.len--;
    if (!text.len)
        return false;
    char first = text.ptr[0], last = text.ptr[text.len - 1];
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (lb_ascii_holds_lower(text, lb_str(signs[i])))
            return true;
    return lb_ascii_starts_lower(text, LB_STR("[object ")) || (first == '%' && last == '%') ||
           (first == '{' && last == '}') || (first == '<' && last == '>') ||
           (first == '#' && (last == '!' || last == '?'));
}

void lb_name_judge_company(struct lb_str text, struct lb_typed_name *out)
{
    bool page = out->type == LB_NAME_COMPANY_PAGE;
    if (page && lb_ascii_holds_lower(text, LB_STR("/edu/school?"))) /* which one, a number says */
        out->doubt = NO_PAGE;
    else if (lb_name_is_empty_field(out->type, lb_typed_name_str(out)))
        out->doubt = page ? EMPTY_PAGE : EMPTY_NAME;
    else if (!page && is_left_over(text))
        out->doubt = LEFT_OVER;
    out->forceable = out->doubt && !page; /* such as "NA-KD" */
}

/* --- Pages --- */

/* The host of a URL, when it is LinkedIn's; the path is what follows. */
static bool take_linkedin(struct lb_str *path)
{
    struct lb_str domain = LB_STR("linkedin.com");
    struct lb_str host = {path->ptr, lb_name_span(*path, "/?#:")};
    if (host.len < domain.len ||
        !lb_ascii_equals_lower(lb_str_skip(host, host.len - domain.len), domain) ||
        (host.len > domain.len && host.ptr[host.len - domain.len - 1] != '.') ||
        lb_name_span(host, "@ ") < host.len)
        return false;
    *path = lb_str_skip(*path, host.len);
    *path = lb_str_skip(*path, lb_name_span(*path, "/?#")); /* a port */
    return true;
}

static struct lb_str take_word(struct lb_str *path)
{
    while (path->len && path->ptr[0] == '/')
        *path = lb_str_skip(*path, 1);
    struct lb_str word = {path->ptr, lb_name_span(*path, "/?#")};
    *path = lb_str_skip(*path, word.len);
    return word;
}

static bool is_page_word(struct lb_str word)
{
    static const char *const WORDS[] = {"company",      "school",       "showcase",
                                        "organization", "company-beta", "edu"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (lb_ascii_equals_lower(word, lb_str(WORDS[i])))
            return true;
    return false;
}

static bool take_urn(struct lb_str *text)
{
    static const char *const URNS[] = {
        "urn:li:company:",     "urn:li:organization:",          "urn:li:fs_company:",
        "urn:li:fsd_company:", "urn:li:fs_miniCompany:",        "urn:li:fs_salesCompany:",
        "urn:li:school:",      "urn:li:fs_normalized_company:",
    };
    for (size_t i = 0; i < sizeof URNS / sizeof *URNS; i++) {
        size_t len = strlen(URNS[i]);
        if (text->len > len && strncasecmp(text->ptr, URNS[i], len) == 0) {
            *text = lb_str_skip(*text, len);
            return true;
        }
    }
    return false;
}

/* What a string that could be a company's page is. */
enum page_form { FORM_SLUG, FORM_PAGE, FORM_NO_PAGE, FORM_PERSON, FORM_NO_SLUG, FORM_OTHER_SITE };

/* Finds the part after /company/, still percent-encoded. */
static enum page_form find_slug(struct lb_str text, struct lb_str *out)
{
    *out = text;
    if (take_urn(out))
        return FORM_PAGE;
    size_t scheme = lb_name_scheme(text);
    struct lb_str path = lb_str_skip(text, scheme);
    bool linkedin = take_linkedin(&path);
    if (scheme && !linkedin)
        return FORM_OTHER_SITE;
    if (!linkedin && !memchr(text.ptr, '/', text.len))
        return FORM_SLUG;
    path.len = lb_name_span(path, " ");
    struct lb_str word = take_word(&path);
    while (lb_ascii_equals_lower(word, LB_STR("mwlite")) ||
           lb_ascii_equals_lower(word, LB_STR("comm")) ||
           (linkedin && lb_ascii_equals_lower(word, LB_STR("sales"))))
        word = take_word(&path);
    if (linkedin && lb_ascii_equals_lower(word, LB_STR("in")))
        return FORM_PERSON;
    bool page = path.len && path.ptr[0] == '/' &&
                (linkedin ? is_page_word(word)
                          : lb_ascii_equals_lower(word, LB_STR("company")) &&
                                !memchr(text.ptr, ' ', text.len));
    if (!page)
        return linkedin ? FORM_NO_PAGE : FORM_SLUG;
    *out = take_word(&path);
    return out->len ? FORM_PAGE : FORM_NO_SLUG;
}

bool lb_name_is_company_page(struct lb_str text)
{
    struct lb_str slug;
    lb_name_trim_opening(&text);
    return find_slug(text, &slug) != FORM_SLUG;
}

static bool is_slug_point(int32_t point)
{
    if (point < 0x80)
        return point > 0 && (lb_identifier_plain[point] || strchr(".&'!+()@", point));
    if (point == 0x2019 || point == 0xb7)
        return true;
    if (lb_identifier_is_ignorable(point) || point == 0xfffd)
        return false;
    utf8proc_category_t category = utf8proc_category(point);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO) ||
           category == UTF8PROC_CATEGORY_SO;
}

static const char *append_slug(const int32_t *points, size_t count, struct lb_typed_name *out)
{
    char encoded[4];
    bool named = false;
    if (count > SLUG_CHARACTERS_MAX)
        return LONG_SLUG;
    for (size_t i = 0; i < count; i++) {
        if (points[i] == ' ')
            return WHITE_SPACE;
        if (points[i] != ',' && !is_slug_point(points[i]))
            return lb_name_refuse_point(out, "contains ", points[i],
                                        ", which no company's page on LinkedIn has; check it");
        named |= points[i] != ',' && (points[i] >= 0x80 || !strchr("-_.&'!+()@", points[i]));
    }
    if (!named)
        return NO_SLUG;
    for (size_t i = 0; i < count; i++) /* a comma would part items of the log */
        lb_name_append(
            out, points[i] == ','
                     ? LB_STR("%2c")
                     : (struct lb_str){encoded, lb_identifier_encode(points + i, 1, encoded)});
    return NULL;
}

const char *lb_name_company_page(struct lb_str text, struct lb_typed_name *out)
{
    char work[LB_TYPED_NAME_RAW_MAX];
    int32_t points[LB_FOLD_POINTS];
    struct lb_str slug;
    size_t count;
    lb_name_trim_opening(&text);
    enum page_form form = find_slug(text, &slug);
    switch (form) {
    case FORM_OTHER_SITE:
        return OTHER_SITE;
    case FORM_PERSON:
        return PERSON;
    case FORM_NO_PAGE:
        return NO_PAGE;
    case FORM_NO_SLUG:
        return NO_SLUG;
    default:
        break;
    }
    bool ends = slug.ptr + slug.len == text.ptr + text.len;
    if (form == FORM_PAGE && ends) /* of the sentence around it */
        lb_name_trim_closing(&slug);
    if (lb_ascii_holds_lower(lb_str_skip(text, (size_t)(slug.ptr - text.ptr)),
                             LB_STR("linkedin.com/")))
        return TWO;
    memmove(work, slug.ptr, slug.len);
    slug = (struct lb_str){work, slug.len};
    const char *reason = lb_identifier_decode(work, &slug.len);
    if (!reason && !lb_utf8_is_valid(slug))
        reason = lb_identifier_not_utf8;
    if (reason)
        return reason;
    if (lb_ascii_holds_lower(slug, LB_STR("linkedin.com"))) /* would be an address, alone */
        return NO_PAGE;
    slug.len = lb_identifier_clean(slug, true, work);
    lb_name_trim_opening(&slug);
    reason = lb_identifier_read_points(slug, points, &count);
    if (!reason)
        reason = lb_identifier_fold(points, &count);
    if (!reason)
        reason = append_slug(points, count, out);
    return reason == lb_identifier_too_long ? LONG_SLUG : reason;
}
