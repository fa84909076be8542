#include "import/choice.h"

#include "import/mail.h"
#include "import/rivals.h"

/* Estimates of different names that are so close say nothing, in percent. */
#define CLOSE_PERCENT 2

static const char NO_COLUMN[] =
    "no column is certain to hold LinkedIn names or addresses; choose one by its heading or number";

/* --- Headings --- */

const struct lb_import_label *lb_import_label_at(const struct lb_import_facts *facts,
                                                 uint64_t heading_line)
{
    if (!heading_line)
        return NULL;
    for (size_t i = 0; i < LB_IMPORT_KEPT; i++)
        if (facts->kept[i].line == heading_line)
            return &facts->kept[i];
    if (facts->first_known.line == heading_line)
        return &facts->first_known;
    return facts->last_known.line == heading_line ? &facts->last_known : NULL;
}

const struct lb_import_label *lb_import_label_of(const struct lb_import_survey *survey,
                                                 const struct lb_import_facts *facts)
{
    const struct lb_import_label *first = &facts->kept[0];
    if (!facts->address_line && survey->heading_line)
        return lb_import_label_at(facts, survey->heading_line);
    if (!facts->address_line)
        return facts->first_known.line ? &facts->first_known : NULL;
    if (facts->last_known.line)
        return &facts->last_known;
    /* A row with a person is no heading. */
    bool person = survey->person_line && survey->person_line <= first->line;
    return first->line && first->line < facts->address_line && !person ? first : NULL;
}

static enum lb_import_heading heading_of(const struct lb_import_survey *survey,
                                         const struct lb_import_facts *facts)
{
    const struct lb_import_label *label = lb_import_label_of(survey, facts);
    return label ? lb_import_heading(lb_str(label->text)) : LB_HEADING_UNKNOWN;
}

/* --- The columns that have addresses of people --- */

/* Of another person, or where anything may be mentioned. */
static bool is_left_out(enum lb_import_heading heading)
{
    return heading == LB_HEADING_OTHER || heading == LB_HEADING_REASON;
}

unsigned lb_import_name_kind_of(const struct lb_import_facts *facts)
{
    unsigned best = 0;
    for (unsigned i = 1; i < LB_IMPORT_NAME_KINDS; i++)
        if (facts->kinds[i] > facts->kinds[best])
            best = i;
    return best;
}

/* -1, 0 or 1: has `a` fewer or more different people than `b`? */
static int compare_people(const struct lb_import_survey *survey, const struct lb_import_facts *a,
                          const struct lb_import_facts *b)
{
    uint64_t left = lb_distinct_count(&survey->distinct, &a->people);
    uint64_t right = lb_distinct_count(&survey->distinct, &b->people);
    uint64_t larger = left > right ? left : right;
    uint64_t apart = larger - (left > right ? right : left);
    if (survey->distinct.level && apart * 100 <= larger * CLOSE_PERCENT) {
        left = a->people_rows; /* estimates: what is exact decides */
        right = b->people_rows;
    }
    return left < right ? -1 : left > right;
}

static int rank(enum lb_import_heading heading)
{
    return heading == LB_HEADING_LINKEDIN     ? 3
           : heading == LB_HEADING_IDENTIFIER ? 2
           : heading == LB_HEADING_PROFILE    ? 1
                                              : 0;
}

static bool is_better(const struct lb_import_survey *survey, const struct lb_import_facts *a,
                      const struct lb_import_facts *b)
{
    int more = compare_people(survey, a, b);
    if (more)
        return more > 0;
    if (lb_import_name_kind_of(a) != lb_import_name_kind_of(b))
        return lb_import_name_kind_of(a) < lb_import_name_kind_of(b);
    return rank(heading_of(survey, a)) > rank(heading_of(survey, b));
}

/* The column with the most different people; false: none has an address of a person. */
static bool find_addresses(const struct lb_import_survey *survey, bool left_out, size_t *out)
{
    const struct lb_import_facts *best = NULL;
    for (size_t i = 0; i < survey->count; i++) {
        const struct lb_import_facts *facts = &survey->columns[i];
        if (!facts->people_rows || is_left_out(heading_of(survey, facts)) != left_out)
            continue;
        if (!best || is_better(survey, facts, best))
            best = facts;
    }
    if (best)
        *out = (size_t)(best - survey->columns);
    return best != NULL;
}

/* --- All columns of a table --- */

static bool find_heading(const struct lb_import_survey *survey, enum lb_import_heading heading,
                         size_t *out)
{
    for (size_t i = 0; i < survey->count; i++) {
        if (heading_of(survey, &survey->columns[i]) != heading)
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* A column for addresses of LinkedIn's, which has none: then those of others beside it, such as
 * owners, are not its people's. */
static bool find_without_addresses(const struct lb_import_survey *survey, size_t *out)
{
    for (size_t i = 0; i < survey->count; i++) {
        const struct lb_import_facts *facts = &survey->columns[i];
        const struct lb_import_label *label = lb_import_label_of(survey, facts);
        if (facts->address_line || !label || !lb_import_is_linkedin_profile(lb_str(label->text)))
            continue;
        *out = i;
        return true;
    }
    return false;
}

static bool find_column(const struct lb_import_survey *survey, size_t *out)
{
    return find_addresses(survey, false, out) || find_heading(survey, LB_HEADING_IDENTIFIER, out) ||
           find_without_addresses(survey, out) || find_addresses(survey, true, out) ||
           find_heading(survey, LB_HEADING_LINKEDIN, out) ||
           find_heading(survey, LB_HEADING_PROFILE, out);
}

/* The cell near the top of a column that is the heading `wanted`; NULL: there is none. */
static const struct lb_import_label *find_label(const struct lb_import_survey *survey,
                                                const struct lb_import_facts *facts,
                                                struct lb_str wanted, bool exactly)
{
    for (size_t i = 0; i < LB_IMPORT_KEPT && facts->kept[i].line; i++) {
        struct lb_str text = lb_str(facts->kept[i].text);
        if (facts->address_line && facts->kept[i].line >= facts->address_line)
            break;
        if (exactly ? lb_str_equal(text, wanted) : lb_import_heading_equal(text, wanted))
            return &facts->kept[i];
    }
    const struct lb_import_label *label = lb_import_label_of(survey, facts);
    if (label && !exactly && lb_import_heading_equal(lb_str(label->text), wanted))
        return label;
    return NULL;
}

/* The column that is asked for, and its heading. LB_ERR_COLUMN_UNKNOWN when there is none or more
 * than one. */
static lb_err find_wanted(const struct lb_import_survey *survey, struct lb_str wanted, size_t *out,
                          const struct lb_import_label **out_label, struct lb_reason *reason)
{
    uint64_t number;
    struct lb_str shown = wanted.len > 80 ? (struct lb_str){wanted.ptr, 80} : wanted;
    *out_label = NULL;
    if (lb_str_to_u64(wanted, UINT32_MAX, &number)) {
        if (number == 0 || number > survey->count)
            return lb_fail(reason, LB_ERR_COLUMN_UNKNOWN, "column %.*s does not exist",
                           (int)shown.len, shown.ptr);
        *out = (size_t)number - 1;
        *out_label = lb_import_label_of(survey, &survey->columns[*out]);
        return LB_OK;
    }
    for (int exactly = 1; exactly >= 0 && !*out_label; exactly--) {
        for (size_t i = 0; i < survey->count; i++) {
            const struct lb_import_label *label =
                find_label(survey, &survey->columns[i], wanted, exactly != 0);
            if (label && *out_label)
                return lb_fail(reason, LB_ERR_COLUMN_UNKNOWN,
                               "more than one column is called \"%.*s\"; choose by number",
                               (int)shown.len, shown.ptr);
            if (!label)
                continue;
            *out_label = label;
            *out = i;
        }
    }
    return *out_label ? LB_OK
                      : lb_fail(reason, LB_ERR_COLUMN_UNKNOWN, "no column is called \"%.*s\"",
                                (int)shown.len, shown.ptr);
}

/* A column by its number, without addresses and without a heading that we know: has the row of its
 * first cell a heading that we know in another column? */
static const struct lb_import_label *heading_beside(const struct lb_import_survey *survey,
                                                    const struct lb_import_facts *facts)
{
    const struct lb_import_label *first = &facts->kept[0];
    if (facts->address_line || !first->line)
        return NULL;
    for (size_t i = 0; i < survey->count; i++) {
        const struct lb_import_label *other = lb_import_label_of(survey, &survey->columns[i]);
        if (other && other->line == first->line)
            return first;
    }
    return NULL;
}

static enum lb_import_takes takes_of(const struct lb_import_survey *survey,
                                     const struct lb_import_facts *facts, bool wanted)
{
    enum lb_import_heading heading = heading_of(survey, facts);
    if (heading == LB_HEADING_IDENTIFIER)
        return facts->people_rows ? LB_TAKES_BOTH : LB_TAKES_NAMES;
    if (facts->people_rows || heading == LB_HEADING_LINKEDIN || heading == LB_HEADING_PROFILE)
        return LB_TAKES_ADDRESSES;
    return wanted ? LB_TAKES_NAMES : LB_TAKES_ADDRESSES;
}

static void find_reasons(const struct lb_import_survey *survey, struct lb_import_choice *out)
{
    size_t best = 0;
    for (size_t i = 0; i < survey->count; i++) {
        const struct lb_import_label *label =
            lb_import_label_at(&survey->columns[i], out->heading_line);
        size_t place = 0;
        if (label && i != out->column &&
            lb_import_heading(lb_str(label->text)) == LB_HEADING_REASON)
            place = lb_import_reason_rank(lb_str(label->text));
        if (!place || (best && place >= best))
            continue;
        best = place;
        out->has_reasons = true;
        out->reasons = i;
        out->reasons_name = label;
    }
}

static lb_err choose_in_table(const struct lb_import_survey *survey,
                              const struct lb_import_options *options, struct lb_import_choice *out,
                              struct lb_reason *reason)
{
    if (options->column.len) {
        lb_err err = find_wanted(survey, options->column, &out->column, &out->name, reason);
        if (err)
            return err;
        if (!out->name)
            out->name = heading_beside(survey, &survey->columns[out->column]);
    } else if (find_column(survey, &out->column)) {
        for (size_t i = 0; i < survey->count; i++)
            if (i != out->column && lb_import_is_rival(survey, out->column, i, false))
                return lb_import_fail_for_rivals(out->column, i, false, reason);
        out->name = lb_import_label_of(survey, &survey->columns[out->column]);
    } else {
        return lb_fail(reason, LB_ERR_COLUMN_UNKNOWN, "%s", NO_COLUMN);
    }
    out->takes = takes_of(survey, &survey->columns[out->column], options->column.len > 0);
    out->heading_line = out->name ? out->name->line : 0;
    out->has_reasons = false;
    if (options->reason_column.len) {
        out->has_reasons = true;
        return find_wanted(survey, options->reason_column, &out->reasons, &out->reasons_name,
                           reason);
    }
    find_reasons(survey, out);
    return LB_OK;
}

/* --- Texts --- */

#define SEPARATORS ",;\t|"
#define UTF8_MAX   4 /* bytes of a character, which are never cut */

/* What a label holds of a line, without the part that may be cut off at its end. */
static struct lb_str whole_parts(const struct lb_import_label *label)
{
    struct lb_str line = lb_str(label->text);
    if (line.len + UTF8_MAX < sizeof label->text)
        return line;
    while (line.len && !memchr(SEPARATORS, line.ptr[line.len - 1], sizeof SEPARATORS - 1))
        line.len--;
    return line.len ? line : lb_str(label->text);
}

/* Takes the next part of a line, passing over empty ones. False at the end of the line. */
static bool next_part(struct lb_str *line, struct lb_str *out)
{
    *out = LB_STR("");
    while (line->len && !out->len) {
        size_t len = 0;
        while (len < line->len && !memchr(SEPARATORS, line->ptr[len], sizeof SEPARATORS - 1))
            len++;
        *out = lb_import_unquote(lb_import_trim((struct lb_str){line->ptr, len}));
        *line = lb_str_skip(*line, len + (len < line->len));
    }
    return out->len > 0;
}

/* How many of the parts of a line are headings. */
static size_t count_headings(struct lb_str line, size_t *out_parts)
{
    size_t headings = 0;
    struct lb_str part;
    for (*out_parts = 0; next_part(&line, &part); ++*out_parts)
        headings += lb_import_is_heading(part);
    return headings;
}

/* Is it a heading that lists of names have, too? */
static bool may_mean_names(struct lb_str heading)
{
    static const char *const WORDS[] = {"name", "handle", "people", "list", "id", "url"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (lb_import_heading_equal(heading, lb_str(WORDS[i])))
            return true;
    return false;
}

bool lb_import_means_other_names(struct lb_str heading)
{
    enum lb_import_heading kind = lb_import_heading(heading);
    return !may_mean_names(heading) &&
           (lb_import_type_of_heading(heading) > LB_TYPE_PERSON || kind == LB_HEADING_ORDINARY ||
            kind == LB_HEADING_OTHER || kind == LB_HEADING_REASON ||
            lb_import_is_heading_of_things(heading));
}

static bool any_means_other_names(struct lb_str line)
{
    struct lb_str part, rest = line;
    if (lb_import_means_other_names(line))
        return true;
    while (next_part(&rest, &part))
        if (lb_import_means_other_names(part))
            return true;
    return false;
}

static lb_err choose_in_text(const struct lb_import_survey *survey,
                             const struct lb_import_options *options, struct lb_import_choice *out,
                             struct lb_reason *reason)
{
    const struct lb_import_facts *facts = survey->count ? &survey->columns[0] : NULL;
    size_t parts;
    out->takes = LB_TAKES_NAMES;
    if (options->column.len) {
        lb_err err = find_wanted(survey, options->column, &out->column, &out->name, reason);
        if (err)
            return err;
    }
    if (!facts) /* every row is too large */
        return LB_OK;
    if (facts->address_line) {
        out->takes = LB_TAKES_ADDRESSES;
        out->name = lb_import_label_of(survey, facts);
        out->heading_line = facts->address_line - 1;
        return LB_OK;
    }
    struct lb_str first = whole_parts(&facts->kept[0]);
    out->mail = lb_import_begins_mail(lb_str(facts->kept[0].text));
    size_t headings = count_headings(first, &parts);
    bool other = false;
    if ((headings && headings == parts) || lb_import_heading_equal(first, options->column)) {
        out->name = &facts->kept[0];
        out->heading_line = out->name->line;
        other = any_means_other_names(first);
    } else if (headings) {
        out->mixed_line = facts->kept[0].line;
    }
    return other && !options->column.len && survey->rows > 1
               ? lb_fail(reason, LB_ERR_COLUMN_UNKNOWN, "%s", NO_COLUMN)
               : LB_OK;
}

lb_err lb_import_choose(const struct lb_import_survey *survey, const struct lb_import_shape *shape,
                        const struct lb_import_options *options, struct lb_import_choice *out,
                        struct lb_reason *reason)
{
    *out = (struct lb_import_choice){.table = shape->table, .width = shape->width};
    lb_err err = shape->table ? choose_in_table(survey, options, out, reason)
                              : choose_in_text(survey, options, out, reason);
    if (shape->sep_line && out->heading_line == 0)
        out->heading_line = 1;
    return err;
}
