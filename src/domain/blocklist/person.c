#include "domain/blocklist/person.h"

#include "domain/blocklist/identifier.h"

#include <stdlib.h>

#define NONE SIZE_MAX

_Static_assert(LB_PERSON_NAMES_MAX <= 8, "a name has a bit in a byte");

static size_t find(const struct lb_person_draft *draft, struct lb_str name)
{
    for (size_t i = 0; i < draft->name_count; i++)
        if (lb_str_equal(draft->names[i], name))
            return i;
    return NONE;
}

static size_t find_or_add(struct lb_person_draft *draft, struct lb_str name)
{
    size_t at = find(draft, name);
    if (at != NONE)
        return at;
    draft->names[draft->name_count] = name;
    return draft->name_count++;
}

void lb_person_draft_add(struct lb_person_draft *draft, struct lb_person *person)
{
    size_t base = draft->name_count;
    if (!person || find(draft, lb_person_name(person, 0)) != NONE)
        return;
    draft->of[draft->of_count++] = person;
    for (size_t i = 0; i < person->name_count; i++)
        draft->names[draft->name_count++] = lb_person_name(person, i);
    for (size_t i = 0; i < person->pair_count; i++) {
        struct lb_person_pair pair = person->pairs[i];
        pair.member = (uint8_t)(pair.member + base);
        pair.name = (uint8_t)(pair.name + base);
        draft->pairs[draft->pair_count++] = pair;
    }
}

static struct lb_person_pair *find_pair(struct lb_person_draft *draft, struct lb_str member,
                                        struct lb_str name)
{
    size_t m = find(draft, member), n = find(draft, name);
    for (size_t i = 0; i < draft->pair_count; i++)
        if (draft->pairs[i].member == m && draft->pairs[i].name == n)
            return &draft->pairs[i];
    return NULL;
}

/* --- Whose a name is --- */

/* The third letter tells the forms of member ids apart. */
static unsigned form_of(const struct lb_person_draft *draft, const struct lb_person_pair *pair)
{
    return draft->names[pair->member].ptr[2] == 'w';
}

/* Was the name seen with two member ids of one form? */
static bool joins_nobody(const struct lb_person_draft *draft, size_t name)
{
    unsigned seen[2] = {0};
    for (size_t i = 0; i < draft->pair_count; i++)
        if (draft->pairs[i].name == name)
            seen[form_of(draft, &draft->pairs[i])]++;
    return seen[0] > 1 || seen[1] > 1;
}

/* The pair by which a name was seen last; NULL for a member id. */
static const struct lb_person_pair *last_pair(const struct lb_person_draft *draft, size_t name)
{
    const struct lb_person_pair *last = NULL;
    for (size_t i = 0; i < draft->pair_count; i++)
        if (draft->pairs[i].name == name &&
            (!last || lb_person_pair_last(&draft->pairs[i]) > lb_person_pair_last(last)))
            last = &draft->pairs[i];
    return last;
}

enum lb_person_meeting lb_person_meet(const struct lb_person_draft *draft, struct lb_str member,
                                      struct lb_str name)
{
    struct lb_person_draft *mutable = (struct lb_person_draft *)draft;
    const struct lb_person_pair *pair = find_pair(mutable, member, name);
    size_t names = draft->name_count + (find(draft, member) == NONE) + (find(draft, name) == NONE);
    if (!pair)
        return names > LB_PERSON_NAMES_MAX ? LB_PERSON_TOO_MANY : LB_PERSON_NEW;
    return joins_nobody(draft, pair->name) && last_pair(draft, pair->name) != pair
               ? LB_PERSON_NEW
               : LB_PERSON_KNOWN;
}

void lb_person_draft_link(struct lb_person_draft *draft, struct lb_str member, struct lb_str name,
                          uint64_t number)
{
    struct lb_person_pair *pair = find_pair(draft, member, name);
    if (pair) {
        pair->latest = number;
        return;
    }
    size_t m = find_or_add(draft, member), n = find_or_add(draft, name);
    draft->pairs[draft->pair_count++] =
        (struct lb_person_pair){.first = number, .member = (uint8_t)m, .name = (uint8_t)n};
}

bool lb_person_draft_end(struct lb_person_draft *draft, struct lb_str member, struct lb_str name,
                         uint64_t number)
{
    struct lb_person_pair *pair = find_pair(draft, member, name);
    if (!pair || (pair->first != number && pair->latest != number))
        return false;
    if (pair->first == number)
        pair->first = pair->latest;
    pair->latest = 0;
    if (!pair->first)
        *pair = draft->pairs[--draft->pair_count];
    return true;
}

/* --- Making people --- */

/* What hangs together with name `of`, by all pairs or by those alone that join: a bit for each. */
static uint32_t hangs_together(const struct lb_person_draft *draft, size_t of, bool joining)
{
    uint32_t together = UINT32_C(1) << of, before;
    do {
        before = together;
        for (size_t i = 0; i < draft->pair_count; i++) {
            const struct lb_person_pair *pair = &draft->pairs[i];
            uint32_t both = UINT32_C(1) << pair->member | UINT32_C(1) << pair->name;
            if ((together & both) && !(joining && joins_nobody(draft, pair->name)))
                together |= both;
        }
    } while (together != before);
    return together;
}

/* The names that are asked for the member id at `of` and all that it joins: these, and those that
 * join no names and were seen with one of them. */
static uint32_t asked_of(const struct lb_person_draft *draft, size_t of)
{
    uint32_t joined = hangs_together(draft, of, true), asked = joined;
    for (size_t i = 0; i < draft->pair_count; i++)
        if (joined >> draft->pairs[i].member & 1)
            asked |= UINT32_C(1) << draft->pairs[i].name;
    return asked;
}

/* Of a draft that is one person. */
static void fill_sides(const struct lb_person_draft *draft, struct lb_person *person)
{
    for (size_t i = 0; i < draft->name_count; i++) {
        const struct lb_person_pair *last = last_pair(draft, i);
        uint32_t asked = asked_of(draft, last ? last->member : i);
        person->sides[LB_PERSON_ASKED][i] = (uint8_t)(asked & ~(UINT32_C(1) << i));
    }
    for (size_t i = 0; i < draft->name_count; i++)
        for (size_t j = 0; j < draft->name_count; j++)
            if (person->sides[LB_PERSON_ASKED][j] >> i & 1)
                person->sides[LB_PERSON_COVERED][i] |= (uint8_t)(1u << j);
    for (size_t i = 0; i < draft->name_count; i++)
        person->sides[LB_PERSON_SAME][i] =
            person->sides[LB_PERSON_ASKED][i] & person->sides[LB_PERSON_COVERED][i];
}

/* Those names and pairs of a draft that hang together. */
static void take_part(const struct lb_person_draft *draft, uint32_t part,
                      struct lb_person_draft *out)
{
    out->name_count = out->pair_count = 0;
    for (size_t i = 0; i < draft->pair_count; i++) {
        const struct lb_person_pair *pair = &draft->pairs[i];
        if (!(part >> pair->member & 1))
            continue;
        struct lb_person_pair *taken = &out->pairs[out->pair_count++];
        *taken = *pair;
        taken->member = (uint8_t)find_or_add(out, draft->names[pair->member]);
        taken->name = (uint8_t)find_or_add(out, draft->names[pair->name]);
    }
}

/* In one piece of memory: names, pairs and the text of the names. */
static struct lb_person *make(const struct lb_person_draft *draft, uint32_t workspace)
{
    size_t names = draft->name_count * sizeof(struct lb_person_name);
    size_t pairs = draft->pair_count * sizeof(struct lb_person_pair);
    size_t text = 0;
    for (size_t i = 0; i < draft->name_count; i++)
        text += draft->names[i].len;
    struct lb_person *person = calloc(1, sizeof *person + names + pairs + text);
    if (!person)
        return NULL;
    person->name_count = (uint8_t)draft->name_count;
    person->pair_count = (uint8_t)draft->pair_count;
    person->pairs = (struct lb_person_pair *)((char *)person->names + names);
    memcpy(person->pairs, draft->pairs, pairs);
    char *at = (char *)person->pairs + pairs;
    for (size_t i = 0; i < draft->name_count; i++) {
        struct lb_str name = draft->names[i];
        memcpy(at, name.ptr, name.len);
        person->names[i].person = person;
        person->names[i].node.scope = workspace;
        person->names[i].node.key = (struct lb_str){at, name.len};
        at += name.len;
    }
    fill_sides(draft, person);
    return person;
}

bool lb_person_make(const struct lb_person_draft *draft, uint32_t workspace, struct lb_person **out,
                    size_t *out_count)
{
    uint32_t left = 0;
    *out_count = 0;
    for (size_t i = 0; i < draft->pair_count; i++)
        left |= UINT32_C(1) << draft->pairs[i].member;
    while (left) {
        struct lb_person_draft part;
        uint32_t together = hangs_together(draft, (size_t)__builtin_ctz(left), false);
        take_part(draft, together, &part);
        left &= ~together;
        out[*out_count] = make(&part, workspace);
        if (out[*out_count]) {
            ++*out_count;
            continue;
        }
        while (*out_count)
            free(out[--*out_count]);
        return false;
    }
    return true;
}
