#include "import/headings.h"

#include "domain/blocklist/identifier.h"
#include "import/heading_words.h"

#define WORDS_MAX 12

/* A heading with more words or code points is a sentence. */
#define QUESTION_WORDS  6
#define QUESTION_POINTS 60

#define UTF8_MAX 4 /* bytes of a character, which are never cut */

/* An example is said to follow in so many bytes before it. */
#define EXAMPLE_BYTES 24

/* What folding makes of any string fits: it works on 16 times the code points of a name. */
#define FOLDED_MAX (4 * 16 * LB_IDENTIFIER_MAX_CODE_POINTS + 1)

/* A heading in lower case: its words, and all of them in one. "defaultProfileUrl", "Profile URL*"
 * and "profile_url" have the same words. */
struct heading {
    char text[4 * LB_IMPORT_HEADING_MAX]; /* words, with one blank between, before and after */
    size_t len;
    char flat[4 * LB_IMPORT_HEADING_MAX];
    size_t words;
    bool starts[256]; /* first bytes of words, so that most of a table need not be compared */
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || is_digit(c) || (c & 0x80);
}

/* Does a new word begin at `i`, as in "profileUrl"? Not within "LinkedIn". */
static bool begins_word(struct lb_str cell, size_t i)
{
    if (i == 0 || !is_upper(cell.ptr[i]) || cell.ptr[i - 1] < 'a' || cell.ptr[i - 1] > 'z')
        return false;
    return !(i >= 6 && memcmp(cell.ptr + i - 6, "Linked", 6) == 0) &&
           !(i >= 6 && memcmp(cell.ptr + i - 6, "linked", 6) == 0);
}

/* The bytes of what is no letter that a string begins with; 0: it begins with one. */
static size_t sign_length(struct lb_str text)
{
    static const struct lb_str SIGNS[] = {
        LB_STR("\xc2\xa0"),     LB_STR("\xe3\x80\x80"), /* blanks */
        LB_STR("\xef\xbc\x88"), LB_STR("\xef\xbc\x89"), /* wide brackets, colon, question mark */
        LB_STR("\xef\xbc\x9a"), LB_STR("\xef\xbc\x9f")};
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++)
        if (text.len >= SIGNS[i].len && memcmp(text.ptr, SIGNS[i].ptr, SIGNS[i].len) == 0)
            return SIGNS[i].len;
    return !is_letter(text.ptr[0]);
}

/* The letters of the cell, with blanks where words end. */
static size_t split(struct lb_str cell, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < cell.len; i++) {
        size_t sign = sign_length(lb_str_skip(cell, i));
        if (sign) {
            out[len++] = ' ';
            i += sign - 1;
            continue;
        }
        if (begins_word(cell, i))
            out[len++] = ' ';
        out[len++] = cell.ptr[i];
    }
    return len;
}

static bool fold(struct lb_str text, struct lb_buf *out)
{
    bool ascii = true;
    for (size_t i = 0; i < text.len; i++)
        ascii = ascii && !(text.ptr[i] & 0x80);
    if (!ascii)
        return lb_identifier_fold_term(text, out);
    lb_buf_append_str(out, text);
    for (size_t i = 0; i < out->len; i++)
        out->ptr[i] = (char)(is_upper(out->ptr[i]) ? out->ptr[i] | 0x20 : out->ptr[i]);
    return !out->failed;
}

static bool read_heading(struct lb_str cell, struct heading *out)
{
    char parts[2 * LB_IMPORT_HEADING_MAX];
    char memory[FOLDED_MAX];
    struct lb_buf folded = {.ptr = memory, .capacity = sizeof memory}; /* never grows */
    size_t flat = 0;
    if (cell.len == 0 || cell.len > LB_IMPORT_HEADING_MAX)
        return false;
    bool ok = fold((struct lb_str){parts, split(cell, parts)}, &folded) &&
              folded.len + 3 < sizeof out->text;
    out->len = out->words = 0;
    memset(out->starts, 0, sizeof out->starts);
    out->text[out->len++] = ' ';
    for (size_t i = 0; ok && i < folded.len; i++) {
        bool after_blank = out->text[out->len - 1] == ' ';
        if (folded.ptr[i] == ' ' && after_blank)
            continue;
        if (folded.ptr[i] != ' ' && after_blank) {
            out->words++;
            out->starts[(unsigned char)folded.ptr[i]] = true;
        }
        out->text[out->len++] = folded.ptr[i];
        if (folded.ptr[i] != ' ')
            out->flat[flat++] = folded.ptr[i];
    }
    if (out->text[out->len - 1] != ' ')
        out->text[out->len++] = ' ';
    out->text[out->len] = out->flat[flat] = '\0';
    return ok && flat > 0 && out->words <= WORDS_MAX;
}

/* Where the heading has the word, which begins there (or, if `ends`, may be the end of one); NULL:
 * nowhere. */
static const char *find_word(const struct heading *heading, const char *word, bool ends)
{
    size_t len = strlen(word);
    for (const char *at = heading->text; (at = strstr(at, word)) != NULL; at += len)
        if ((ends || at[-1] == ' ') && at[len] == ' ')
            return at;
    return NULL;
}

/* The place of the first of the table's words that the heading has, from 1; 0: it has none. */
static size_t word_of(const struct heading *heading, const char *const *table)
{
    for (size_t i = 0; table[i]; i++)
        if (heading->starts[(unsigned char)table[i][0]] && find_word(heading, table[i], false))
            return i + 1;
    return 0;
}

static bool has_word(const struct heading *heading, const char *const *table)
{
    return word_of(heading, table) != 0;
}

static bool has_anywhere(const struct heading *heading, const char *const *table)
{
    for (size_t i = 0; table[i]; i++)
        if (strstr(heading->flat, table[i]) || strstr(heading->text, table[i]))
            return true;
    return false;
}

static bool is_one_of(const struct heading *heading, const char *const *table)
{
    for (size_t i = 0; table[i]; i++)
        if (strcmp(heading->flat, table[i]) == 0)
            return true;
    return false;
}

static bool has_word_that_ends(const struct heading *heading, const char *const *table)
{
    for (size_t i = 0; table[i]; i++)
        if (find_word(heading, table[i], true))
            return true;
    return false;
}

static bool is_of_others(const struct heading *heading)
{
    return has_word(heading, lb_heading_others) ||
           has_word_that_ends(heading, lb_heading_others_ends) ||
           has_anywhere(heading, lb_heading_others_anywhere);
}

/* LinkedIn's, with words that say what of it. */
static enum lb_import_heading judge_linkedin(const struct heading *heading)
{
    if (!has_word(heading, lb_heading_linkedin_names) || has_word(heading, lb_heading_spoken) ||
        has_word(heading, lb_heading_addresses))
        return LB_HEADING_LINKEDIN;
    return has_word(heading, lb_heading_linkedin_things) ? LB_HEADING_ORDINARY
                                                         : LB_HEADING_IDENTIFIER;
}

static enum lb_import_heading judge(const struct heading *heading)
{
    if (is_one_of(heading, lb_heading_statuses))
        return LB_HEADING_STATUS;
    if (is_of_others(heading))
        return LB_HEADING_OTHER;
    if (has_word(heading, lb_heading_reasons))
        return LB_HEADING_REASON;
    if (is_one_of(heading, lb_heading_identifiers) || is_one_of(heading, lb_heading_usernames))
        return LB_HEADING_IDENTIFIER;
    if (has_anywhere(heading, lb_heading_linkedin))
        return judge_linkedin(heading);
    if (is_one_of(heading, lb_heading_ordinary))
        return LB_HEADING_ORDINARY;
    return has_word(heading, lb_heading_profiles) || has_word(heading, lb_heading_addresses)
               ? LB_HEADING_PROFILE
               : LB_HEADING_UNKNOWN;
}

/* Is it nothing, or "(LinkedIn)" and the like? */
static bool says_linkedin_alone(const char *rest)
{
    return !*rest || strcmp(rest, "linkedin ") == 0 || strcmp(rest, "linkedin url ") == 0 ||
           strcmp(rest, "linkedin profil ") == 0;
}

/* "Sourced by", "Managed by (LinkedIn)", "Contact sourced by", but not "by" alone, "LinkedIn (found
 * by a tool)" nor "Email (found by a tool)". */
static bool says_by_whom(const struct heading *heading)
{
    const char *by = NULL, *last = NULL;
    for (size_t i = 0; !by && lb_heading_by[i]; i++)
        by = find_word(heading, lb_heading_by[i], false);
    for (size_t i = 0; !by && lb_heading_by_at_end[i]; i++) {
        last = find_word(heading, lb_heading_by_at_end[i], false);
        by = last && says_linkedin_alone(strchr(last, ' ') + 1) ? last : NULL;
    }
    if (!by || by == heading->text + 1)
        return false;
    struct heading before = *heading;
    before.len = (size_t)(by - heading->text);
    before.text[before.len] = '\0';
    return !has_word(&before, lb_heading_profiles) && !has_word(&before, lb_heading_addresses) &&
           !strstr(before.text, "linkedin") &&
           !(*(strchr(by, ' ') + 1) && has_word(&before, lb_heading_not_by));
}

enum lb_import_heading lb_import_heading(struct lb_str cell)
{
    struct heading heading;
    if (!read_heading(cell, &heading))
        return LB_HEADING_UNKNOWN;
    enum lb_import_heading kind = judge(&heading);
    bool open = kind == LB_HEADING_UNKNOWN || kind >= LB_HEADING_PROFILE;
    return open && says_by_whom(&heading) ? LB_HEADING_OTHER : kind;
}

bool lb_import_is_known_heading(struct lb_str cell)
{
    struct heading heading;
    return read_heading(cell, &heading) && judge(&heading) != LB_HEADING_UNKNOWN;
}

bool lb_import_says_example(struct lb_str cell)
{
    struct heading heading;
    size_t from = cell.len > EXAMPLE_BYTES ? cell.len - EXAMPLE_BYTES : 0;
    while (from && from < cell.len && cell.ptr[from] != ' ')
        from++;
    from = from < cell.len ? from : 0; /* there is no blank */
    if (!read_heading(lb_str_skip(cell, from), &heading))
        return false;
    for (size_t i = 0; lb_heading_examples[i]; i++) {
        const char *at = find_word(&heading, lb_heading_examples[i], false);
        if (at && at + strlen(lb_heading_examples[i]) + 1 == heading.text + heading.len)
            return true;
    }
    return false;
}

/* May the cell be longer, and have been cut? */
static bool is_cut(struct lb_str cell)
{
    return cell.len + UTF8_MAX > LB_IMPORT_HEADING_MAX;
}

bool lb_import_asks(struct lb_str cell)
{
    static const char *const MARKS[] = {"\xef\xbc\x9f", "\xd8\x9f", "\xcd\xbe"};
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
        if (cell.len && memmem(cell.ptr, cell.len, MARKS[i], strlen(MARKS[i])))
            return true;
    for (size_t i = 0; i < cell.len; i++) { /* within a word it stands for a lost letter */
        bool within = i && i + 1 < cell.len && is_letter(cell.ptr[i - 1]) &&
                      (is_letter(cell.ptr[i + 1]) || cell.ptr[i + 1] == '?');
        if (cell.ptr[i] == '?' && !within)
            return true;
    }
    return is_cut(cell);
}

bool lb_import_is_question(struct lb_str cell)
{
    size_t words = 0, points = 0;
    bool within = false;
    for (size_t i = 0; i < cell.len; i++) {
        unsigned char c = (unsigned char)cell.ptr[i];
        points += (c & 0xc0) != 0x80;
        words += is_letter(cell.ptr[i]) && !within;
        within = c > ' ' && (within || is_letter(cell.ptr[i]));
    }
    return words > QUESTION_WORDS || points > QUESTION_POINTS || lb_import_asks(cell);
}

bool lb_import_heading_says_stop(struct lb_str cell)
{
    struct heading heading;
    return read_heading(cell, &heading) && has_word(&heading, lb_heading_stops);
}

enum lb_import_field lb_import_field(struct lb_str cell)
{
    static const char *const *const tables[] = {
        [LB_FIELD_OTHER] = NULL,
        [LB_FIELD_FIRST_NAME] = lb_heading_first_names,
        [LB_FIELD_LAST_NAME] = lb_heading_last_names,
        [LB_FIELD_COMPANY] = lb_heading_companies,
        [LB_FIELD_EMAIL] = lb_heading_emails,
        [LB_FIELD_PHONE] = lb_heading_phones,
        [LB_FIELD_MEMBER_ID] = lb_heading_member_ids,
        [LB_FIELD_FIRST_OR_FULL_NAME] = lb_heading_first_or_full_names,
        [LB_FIELD_LAST_OR_FULL_NAME] = lb_heading_last_or_full_names};
    struct heading heading;
    if (!read_heading(cell, &heading))
        return LB_FIELD_OTHER;
    for (size_t i = 1; i < sizeof tables / sizeof *tables; i++)
        if (is_one_of(&heading, tables[i]))
            return (enum lb_import_field)i;
    return LB_FIELD_OTHER;
}

enum lb_import_type lb_import_type_of_heading(struct lb_str cell)
{
    static const struct {
        const char *const *words;
        enum lb_import_type type;
    } tables[] = {
        {lb_heading_emails, LB_TYPE_EMAIL},           {lb_heading_more_emails, LB_TYPE_EMAIL},
        {lb_heading_phones, LB_TYPE_PHONE},           {lb_heading_more_phones, LB_TYPE_PHONE},
        {lb_heading_domains, LB_TYPE_DOMAIN},         {lb_heading_companies, LB_TYPE_COMPANY},
        {lb_heading_more_companies, LB_TYPE_COMPANY}, {lb_heading_company_pages, LB_TYPE_COMPANY},
        {lb_heading_member_ids, LB_TYPE_PERSON}};
    struct heading heading;
    if (!read_heading(cell, &heading))
        return LB_TYPE_NONE;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (is_one_of(&heading, tables[i].words))
            return tables[i].type;
    return LB_TYPE_NONE;
}

bool lb_import_is_linkedin_name(struct lb_str cell)
{
    struct heading heading;
    return lb_import_heading(cell) == LB_HEADING_IDENTIFIER && read_heading(cell, &heading) &&
           (is_one_of(&heading, lb_heading_identifiers) ||
            has_anywhere(&heading, lb_heading_linkedin));
}

enum lb_import_role lb_import_role(struct lb_str cell)
{
    static const struct {
        const char *const *words;
        enum lb_import_role role;
    } tables[] = {
        {lb_heading_first_names, LB_ROLE_PERSON},    {lb_heading_last_names, LB_ROLE_PERSON},
        {lb_heading_full_names, LB_ROLE_PERSON},     {lb_heading_names, LB_ROLE_NAME},
        {lb_heading_customers, LB_ROLE_CUSTOMER},    {lb_heading_companies, LB_ROLE_COMPANY},
        {lb_heading_more_companies, LB_ROLE_COMPANY}};
    struct heading heading;
    if (!read_heading(cell, &heading))
        return LB_ROLE_OTHER;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (is_one_of(&heading, tables[i].words))
            return tables[i].role;
    return LB_ROLE_OTHER;
}

enum lb_import_detail lb_import_detail_of_heading(struct lb_str cell)
{
    struct heading heading;
    if (!read_heading(cell, &heading))
        return LB_DETAIL_NONE;
    return is_one_of(&heading, lb_heading_ends) ? LB_DETAIL_END
           : strcmp(heading.flat, "kind") == 0  ? LB_DETAIL_KIND
           : strcmp(heading.flat, "type") == 0  ? LB_DETAIL_TYPE
           : strcmp(heading.flat, "value") == 0 ? LB_DETAIL_VALUE
                                                : LB_DETAIL_NONE;
}

/* Is each word of the heading in one of the tables? */
static bool has_only(const struct heading *heading, const char *const *const *tables, size_t count)
{
    for (const char *word = heading->text + 1; *word; word = strchr(word, ' ') + 1) {
        size_t len = strcspn(word, " ");
        bool found = len == 0;
        for (size_t t = 0; !found && t < count; t++)
            for (size_t i = 0; !found && tables[t][i]; i++)
                found = strlen(tables[t][i]) == len && memcmp(tables[t][i], word, len) == 0;
        if (!found)
            return false;
    }
    return true;
}

bool lb_import_is_linkedin_profile(struct lb_str cell)
{
    static const char *const *const tables[] = {lb_heading_profiles, lb_heading_addresses,
                                                lb_heading_linkedin_persons};
    struct heading heading;
    if (lb_import_heading(cell) != LB_HEADING_LINKEDIN || !read_heading(cell, &heading))
        return false;
    for (size_t i = 0; lb_heading_linkedin[i]; i++) /* "linkedinurl" has two words */
        for (char *at = heading.text; (at = strstr(at, lb_heading_linkedin[i])) != NULL;)
            memset(at, ' ', strlen(lb_heading_linkedin[i]));
    return has_only(&heading, tables, sizeof tables / sizeof *tables);
}

static bool has_digit(struct lb_str cell)
{
    for (size_t i = 0; i < cell.len; i++)
        if (is_digit(cell.ptr[i]))
            return true;
    return false;
}

bool lb_import_is_heading(struct lb_str cell)
{
    static const char *const *const known[] = {
        lb_heading_others,      lb_heading_others_ends, lb_heading_reasons,
        lb_heading_identifiers, lb_heading_spoken,      lb_heading_linkedin,
        lb_heading_profiles,    lb_heading_addresses,   lb_heading_ordinary,
        lb_heading_statuses,    lb_heading_usernames,   lb_heading_linkedin_names};
    struct heading heading;
    if (has_digit(cell) || !read_heading(cell, &heading)) /* "person-1" is a name */
        return false;
    if (lb_import_type_of_heading(cell) || is_one_of(&heading, lb_heading_ordinary) ||
        is_one_of(&heading, lb_heading_identifiers) || is_one_of(&heading, lb_heading_usernames) ||
        is_one_of(&heading, lb_heading_statuses) || is_one_of(&heading, lb_heading_people) ||
        is_one_of(&heading, lb_heading_things))
        return true;
    return has_only(&heading, known, sizeof known / sizeof *known);
}

bool lb_import_is_heading_of_things(struct lb_str cell)
{
    struct heading heading;
    return read_heading(cell, &heading) && is_one_of(&heading, lb_heading_things);
}

size_t lb_import_reason_rank(struct lb_str cell)
{
    struct heading heading;
    return read_heading(cell, &heading) ? word_of(&heading, lb_heading_reasons) : 0;
}

bool lb_import_heading_equal(struct lb_str a, struct lb_str b)
{
    struct heading left, right;
    return lb_str_equal(a, b) || (read_heading(a, &left) && read_heading(b, &right) &&
                                  strcmp(left.flat, right.flat) == 0);
}

bool lb_import_is_status(struct lb_str cell)
{
    struct heading heading;
    return cell.len <= 24 && read_heading(cell, &heading) && is_one_of(&heading, lb_status_values);
}
