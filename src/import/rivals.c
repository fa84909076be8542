#include "import/rivals.h"

#include "import/choice.h"

/* Fewer addresses than one for so many of the other column may be mentions, in a remark. */
#define ROWS_TO_A_MENTION 4

static bool has_most(const struct lb_import_facts *facts)
{
    return facts->people_rows * 2 > facts->filled - 1; /* but for a heading */
}

static bool are_comparable(const struct lb_import_facts *a, const struct lb_import_facts *b)
{
    uint64_t less = a->people_rows < b->people_rows ? a->people_rows : b->people_rows;
    uint64_t more = a->people_rows + b->people_rows - less;
    return less * ROWS_TO_A_MENTION >= more;
}

static bool names_others(const struct lb_import_survey *survey, const struct lb_import_facts *taken,
                         const struct lb_import_facts *other)
{
    uint64_t people = lb_distinct_count(&survey->distinct, &other->people);
    uint64_t apart = lb_distinct_count_apart(&survey->distinct, &other->people, &taken->people);
    return apart * 2 > people;
}

/* Does something stand above the row of the headings, such as those of groups? */
static bool is_below_others(const struct lb_import_survey *survey,
                            const struct lb_import_label *label)
{
    for (size_t i = 0; i < survey->count; i++)
        if (survey->columns[i].kept[0].line && survey->columns[i].kept[0].line < label->line)
            return true;
    return false;
}

/* Are they called the same, or nothing but a profile of LinkedIn's? */
static bool are_alike(struct lb_str taken, struct lb_str other)
{
    return (lb_import_is_known_heading(taken) && lb_import_heading_equal(taken, other)) ||
           (lb_import_is_linkedin_profile(taken) && lb_import_is_linkedin_profile(other));
}

/* A sentence says what a table of words cannot. Beside a plain heading it must ask something. */
static bool is_question(struct lb_str taken, struct lb_str other)
{
    return lb_import_is_question(taken) ||
           (lb_import_is_question(other) &&
            (lb_import_asks(other) || !lb_import_is_heading(taken)));
}

/* May the column called `other` be meant? One that says that its people are others, or that it has
 * reasons, is believed, unless it says in a sentence that they are not to be contacted. */
static bool are_unclear(struct lb_str taken, struct lb_str other, bool takes_both)
{
    bool stops = lb_import_heading_says_stop(other);
    bool mine_stops = lb_import_heading_says_stop(taken);
    switch (lb_import_heading(other)) {
    case LB_HEADING_OTHER:
    case LB_HEADING_REASON:
        return stops && lb_import_is_question(other);
    default:
        return is_question(taken, other) || (takes_both ? stops != mine_stops : stops > mine_stops);
    }
}

/* Has the column names of LinkedIn's without addresses, which are not looked at beside a column
 * with addresses, and most of those at its top are of other people? */
static bool has_other_names(const struct lb_import_survey *survey,
                            const struct lb_import_facts *taken,
                            const struct lb_import_facts *other,
                            const struct lb_import_label *heading)
{
    struct lb_identifier name;
    size_t cells = 0, others = 0;
    if (other->address_line || !lb_import_is_linkedin_name(lb_str(heading->text)))
        return false;
    for (size_t i = 0; i < LB_IMPORT_KEPT && other->kept[i].line; i++) {
        if (other->kept[i].line <= heading->line)
            continue;
        cells++;
        others += lb_import_looks_like_name(lb_str(other->kept[i].text), &name) &&
                  !lb_distinct_may_have(&survey->distinct, &taken->people,
                                        (struct lb_str){name.text, name.len});
    }
    return others * 2 > cells;
}

static bool has_other_people(const struct lb_import_survey *survey,
                             const struct lb_import_facts *taken,
                             const struct lb_import_facts *other)
{
    return has_most(other) && lb_import_name_kind_of(taken) == lb_import_name_kind_of(other) &&
           names_others(survey, taken, other);
}

/* Few addresses are mentions, but for a column that is called a profile, beside one that is not. */
static bool has_enough(const struct lb_import_facts *taken, const struct lb_import_facts *other,
                       struct lb_str name, struct lb_str other_name)
{
    return are_comparable(taken, other) || (lb_import_heading(other_name) >= LB_HEADING_PROFILE &&
                                            lb_import_heading(name) < LB_HEADING_PROFILE);
}

/* Does the other column name few people again and again? */
static bool is_of_senders(const struct lb_import_survey *survey,
                          const struct lb_import_facts *taken, const struct lb_import_facts *other)
{
    return lb_import_is_of_senders(survey, other,
                                   lb_distinct_count(&survey->distinct, &taken->people));
}

bool lb_import_is_rival(const struct lb_import_survey *survey, size_t taken, size_t other,
                        bool takes_both)
{
    const struct lb_import_facts *mine = &survey->columns[taken], *theirs = &survey->columns[other];
    const struct lb_import_label *label = lb_import_label_of(survey, mine);
    const struct lb_import_label *other_label =
        label ? lb_import_label_at(theirs, label->line) : NULL;
    if (!other_label || !mine->people_rows)
        return false;
    struct lb_str name = lb_str(label->text), other_name = lb_str(other_label->text);
    if (!theirs->people_rows)
        return is_question(name, other_name) && has_other_names(survey, mine, theirs, other_label);
    if (!takes_both && is_of_senders(survey, mine, theirs) && !lb_import_is_question(other_name) &&
        lb_import_heading(other_name) != LB_HEADING_OTHER)
        return false;
    bool alike = are_alike(name, other_name) && (!takes_both || is_below_others(survey, label));
    return (alike || are_unclear(name, other_name, takes_both)) &&
           has_enough(mine, theirs, name, other_name) && has_other_people(survey, mine, theirs);
}

lb_err lb_import_fail_for_rivals(size_t taken, size_t other, bool typed, struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_COLUMN_UNKNOWN,
                   "columns %zu and %zu may both be meant: they name different people, and their "
                   "headings do not say which are to be taken; %s",
                   (other < taken ? other : taken) + 1, (other < taken ? taken : other) + 1,
                   typed ? "say which, such as columns=2:publicIdentifier"
                         : "choose one by its number");
}
