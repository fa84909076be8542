#include "import/types.h"

#include "import/choice.h"
#include "import/mail.h"
#include "import/rivals.h"

#include <stdlib.h>

static const char NO_COLUMN[] =
    "no column is certain to hold LinkedIn profiles, e-mail addresses, phone numbers, domains or "
    "companies; say which do, such as columns=2:domain";
static const char COMPANIES_OF_PEOPLE[] =
    "companies and domains beside people are left out, and no other column is certain; say which "
    "to take, such as columns=2:company";

/* --- What a column is --- */

static const struct lb_import_label *label_of(const struct lb_import_survey *survey, size_t index,
                                              uint64_t heading_line)
{
    return lb_import_label_at(&survey->columns[index], heading_line);
}

static bool has_most(const struct lb_import_facts *facts, uint64_t count)
{
    return count && count * 2 > facts->filled - (facts->filled > count); /* but for a heading */
}

/* What most of its cells look like. Words may be anything. */
static enum lb_import_type type_by_cells(const struct lb_import_facts *facts)
{
    static const enum lb_import_type SURE[] = {LB_TYPE_PERSON, LB_TYPE_EMAIL, LB_TYPE_PHONE,
                                               LB_TYPE_DOMAIN};
    if (has_most(facts, facts->guesses[LB_TYPE_COMPANY]))
        return LB_TYPE_COMPANY; /* pages: the words of names are not guessed */
    for (size_t i = 0; i < sizeof SURE / sizeof *SURE; i++)
        if (has_most(facts, facts->guesses[SURE[i]]))
            return SURE[i];
    return LB_TYPE_NONE;
}

static enum lb_import_type type_of(const struct lb_import_facts *facts, struct lb_str heading)
{
    enum lb_import_type by_heading = lb_import_type_of_heading(heading);
    enum lb_import_type by_cells = type_by_cells(facts);
    enum lb_import_heading says = lb_import_heading(heading);
    if (lb_import_detail_of_heading(heading) || says == LB_HEADING_REASON)
        return LB_TYPE_NONE;
    bool addresses = by_heading == LB_TYPE_NONE || by_heading == LB_TYPE_DOMAIN;
    if (addresses && (by_cells == LB_TYPE_PERSON || by_cells == LB_TYPE_COMPANY) &&
        says != LB_HEADING_OTHER)
        return by_cells; /* a "website" may be a profile */
    if (by_heading != LB_TYPE_NONE)
        return by_heading;
    if (lb_import_is_linkedin_name(heading) || says == LB_HEADING_LINKEDIN)
        return LB_TYPE_PERSON;
    if (says == LB_HEADING_IDENTIFIER) /* a user's name may look like a host */
        return by_cells == LB_TYPE_PERSON || by_cells == LB_TYPE_EMAIL ? by_cells : LB_TYPE_NONE;
    return says == LB_HEADING_UNKNOWN || says == LB_HEADING_PROFILE ? by_cells : LB_TYPE_NONE;
}

static void read_columns(const struct lb_import_survey *survey, struct lb_import_typing *out)
{
    for (size_t i = 0; i < out->count; i++) {
        struct lb_import_typed_column *column = &out->columns[i];
        column->name = label_of(survey, i, out->heading_line);
        struct lb_str heading = column->name ? lb_str(column->name->text) : LB_STR("");
        column->type = type_of(&survey->columns[i], heading);
        column->bare =
            lb_import_is_linkedin_name(heading) || lb_import_field(heading) == LB_FIELD_MEMBER_ID;
    }
}

/* --- What is said beside names --- */

static void read_details(struct lb_import_typing *out)
{
    size_t best = 0;
    for (size_t i = 0; i < out->count; i++) {
        const struct lb_import_label *label = out->columns[i].name;
        struct lb_str heading = label ? lb_str(label->text) : LB_STR("");
        size_t rank = lb_import_reason_rank(heading);
        enum lb_import_detail detail = lb_import_detail_of_heading(heading);
        size_t *place = detail == LB_DETAIL_KIND    ? &out->kinds
                        : detail == LB_DETAIL_END   ? &out->ends
                        : detail == LB_DETAIL_TYPE  ? &out->types
                        : detail == LB_DETAIL_VALUE ? &out->values
                                                    : NULL;
        if (place && !*place)
            *place = i + 1;
        if (rank && (!best || rank < best) && lb_import_heading(heading) == LB_HEADING_REASON) {
            best = rank;
            out->reasons = i + 1;
            out->reasons_name = label;
        }
    }
    if (!out->types || !out->values)
        out->types = out->values = 0;
}

/* --- Which columns are taken --- */

static enum lb_import_role role_of(const struct lb_import_typed_column *column)
{
    return column->name ? lb_import_role(lb_str(column->name->text)) : LB_ROLE_OTHER;
}

static bool is_of_companies(const struct lb_import_typed_column *column)
{
    return column->type == LB_TYPE_COMPANY || column->type == LB_TYPE_DOMAIN;
}

/* The first column, from 1, of which one of the roles is; 0: none. */
static size_t first_of(const struct lb_import_typing *typing, enum lb_import_role role,
                       enum lb_import_role other)
{
    for (size_t i = 0; i < typing->count; i++)
        if (role_of(&typing->columns[i]) == role || role_of(&typing->columns[i]) == other)
            return i + 1;
    return 0;
}

/* The first column, from 1, that has people, by their names or at LinkedIn; 0: none. */
static size_t first_of_people(const struct lb_import_typing *typing)
{
    bool companies = first_of(typing, LB_ROLE_CUSTOMER, LB_ROLE_COMPANY) > 0;
    size_t first = first_of(typing, LB_ROLE_PERSON, companies ? LB_ROLE_NAME : LB_ROLE_PERSON);
    for (size_t i = 0; i < typing->count && (!first || i + 1 < first); i++)
        if (typing->columns[i].type == LB_TYPE_PERSON)
            first = i + 1;
    return first;
}

/* Customers before people are what the list is about, with a contact of each. Without names of
 * people, what the first column has. */
static bool is_list_of_people(const struct lb_import_typing *typing)
{
    size_t customers = first_of(typing, LB_ROLE_CUSTOMER, LB_ROLE_CUSTOMER);
    size_t people = first_of_people(typing);
    if (people)
        return !customers || people < customers;
    for (size_t i = 0; i < typing->count; i++) {
        if (typing->columns[i].type == LB_TYPE_EMAIL)
            return true;
        if (is_of_companies(&typing->columns[i]))
            return false;
    }
    return false;
}

/* To unblock companies takes protection from all who work there: beside people only when asked. Who
 * works at a company that is blocked, is blocked: a check asks for all that there is. */
static void judge_people(const struct lb_import_options *options, struct lb_import_typing *out)
{
    bool spares = is_list_of_people(out) || (!options->adds && first_of_people(out));
    out->people = is_list_of_people(out);
    out->spares_companies = spares && !options->checks;
}

static bool is_of_unnamed_people(const struct lb_import_typed_column *column)
{
    return column->type == LB_TYPE_PERSON && !column->name;
}

/* Of columns with people and without a heading, those of senders. */
static void find_senders(const struct lb_import_survey *survey, struct lb_import_typing *out)
{
    uint64_t most = 0;
    for (size_t i = 0; i < out->count; i++) {
        uint64_t people = lb_distinct_count(&survey->distinct, &survey->columns[i].people);
        if (is_of_unnamed_people(&out->columns[i]) && people > most)
            most = people;
    }
    for (size_t i = 0; i < out->count; i++)
        out->columns[i].of_senders = is_of_unnamed_people(&out->columns[i]) &&
                                     lb_import_is_of_senders(survey, &survey->columns[i], most);
}

/* Of the columns of people that are taken, the one with the most rows; else the count. */
static size_t most_people(const struct lb_import_survey *survey,
                          const struct lb_import_typing *typing)
{
    size_t most = typing->count;
    for (size_t i = 0; i < typing->count; i++)
        if (typing->columns[i].taken && typing->columns[i].type == LB_TYPE_PERSON &&
            (most == typing->count ||
             survey->columns[i].people_rows > survey->columns[most].people_rows))
            most = i;
    return most;
}

/* A check asks for all that there is. Senders are not taken. */
static lb_err refuse_rivals(const struct lb_import_survey *survey,
                            const struct lb_import_options *options,
                            const struct lb_import_typing *typing, struct lb_reason *reason)
{
    size_t most = most_people(survey, typing);
    if (options->checks || most == typing->count)
        return LB_OK;
    for (size_t i = 0; i < typing->count; i++)
        if (i != most && lb_import_is_rival(survey, most, i, !typing->columns[i].of_senders))
            return lb_import_fail_for_rivals(most, i, true, reason);
    return LB_OK;
}

static lb_err take_all(const struct lb_import_survey *survey,
                       const struct lb_import_options *options, struct lb_import_typing *out,
                       struct lb_reason *reason)
{
    bool any = false, spared = false;
    judge_people(options, out);
    if (!options->type)
        find_senders(survey, out);
    for (size_t i = 0; i < out->count; i++) {
        struct lb_import_typed_column *column = &out->columns[i];
        bool spare = !options->type && out->spares_companies && is_of_companies(column);
        column->taken = options->type ? column->type == options->type
                                      : column->type && !spare && !column->of_senders;
        any |= column->taken;
        spared |= spare;
    }
    return any ? refuse_rivals(survey, options, out, reason)
               : lb_fail(reason, LB_ERR_COLUMN_UNKNOWN, "%s",
                         spared ? COMPANIES_OF_PEOPLE : NO_COLUMN);
}

static lb_err no_such_columns(struct lb_str columns, struct lb_reason *reason)
{
    struct lb_str shown = columns.len > 80 ? (struct lb_str){columns.ptr, 80} : columns;
    return lb_fail(
        reason, LB_ERR_COLUMN_UNKNOWN,
        "the columns \"%.*s\" cannot be read: give numbers from 1 with the type of each, "
        "such as 2:domain,5:email",
        (int)shown.len, shown.ptr);
}

static bool take_one(struct lb_str text, struct lb_import_typing *out)
{
    const char *colon = memchr(text.ptr, ':', text.len);
    struct lb_str number = {text.ptr, colon ? (size_t)(colon - text.ptr) : text.len};
    uint64_t no;
    if (!lb_str_to_u64(number, UINT32_MAX, &no) || no == 0 || no > out->count)
        return false;
    struct lb_import_typed_column *column = &out->columns[no - 1];
    if (colon && !lb_import_type_parse(lb_str_skip(text, number.len + 1), &column->type))
        return false;
    column->bare |= colon != NULL;
    column->taken = column->type != LB_TYPE_NONE;
    return column->taken;
}

/* "2:domain,5" */
static lb_err take_given(struct lb_str columns, struct lb_import_typing *out,
                         struct lb_reason *reason)
{
    struct lb_str rest = columns;
    while (rest.len) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        struct lb_str one = {rest.ptr, comma ? (size_t)(comma - rest.ptr) : rest.len};
        if (!take_one(lb_import_trim(one), out))
            return no_such_columns(columns, reason);
        rest = lb_str_skip(rest, one.len + (comma != NULL));
    }
    out->types = out->values = 0;
    return LB_OK;
}

static lb_err choose_in_table(const struct lb_import_survey *survey,
                              const struct lb_import_options *options, struct lb_import_typing *out,
                              struct lb_reason *reason)
{
    if (options->columns.len)
        return take_given(options->columns, out, reason);
    if (out->types) {
        out->columns[out->values - 1].taken = true;
        return LB_OK;
    }
    return take_all(survey, options, out, reason);
}

/* Where the headings are by which columns are judged; 0: there are none. */
static uint64_t heading_line_of(const struct lb_import_survey *survey)
{
    uint64_t line = survey->typed_line ? survey->typed_line : survey->heading_line;
    return survey->value_line && line >= survey->value_line ? 0 : line;
}

/* Where the questions of a form are, of which that is not certain enough; 0: nowhere. */
static uint64_t question_line_of(const struct lb_import_survey *survey)
{
    for (size_t i = 0; i < survey->count; i++) {
        const struct lb_import_facts *facts = &survey->columns[i];
        const struct lb_import_label *label =
            facts->people_rows ? lb_import_label_of(survey, facts) : NULL;
        if (label && label->line < survey->value_line && lb_import_is_question(lb_str(label->text)))
            return label->line;
    }
    return 0;
}

lb_err lb_import_types_choose(const struct lb_import_survey *survey, bool table,
                              const struct lb_import_options *options, struct lb_import_typing *out,
                              struct lb_reason *reason)
{
    *out = (struct lb_import_typing){.count = survey->count, .only = options->type};
    out->columns = calloc(survey->count + 1, sizeof *out->columns);
    if (!out->columns)
        return lb_fail(reason, LB_ERR_OVERLOADED, "out of memory");
    out->heading_line = heading_line_of(survey);
    if (!survey->count)
        return LB_OK;
    read_columns(survey, out);
    if (table) {
        if (!out->heading_line)
            out->heading_line = question_line_of(survey);
        read_details(out);
        return choose_in_table(survey, options, out, reason);
    }
    struct lb_import_typed_column *column = &out->columns[0];
    out->mail = lb_import_begins_mail(lb_str(survey->columns[0].kept[0].text));
    if (!out->only && out->heading_line)
        out->only = column->type;
    column->type = out->only;
    column->bare = column->taken = true;
    return LB_OK;
}

void lb_import_typing_fini(struct lb_import_typing *typing)
{
    free(typing->columns);
    *typing = (struct lb_import_typing){0};
}
