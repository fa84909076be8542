#include "domain/blocklist/persons.h"

#include "base/array.h"

#include <pthread.h>
#include <sodium.h>

/* A name that the batch has changed. */
struct changed_name {
    uint32_t workspace;
    struct lb_str name;       /* of a person who is not freed before the batch ends */
    struct lb_person *person; /* NULL: it is alone now */
};

/* What the batch changes of a workspace: a conflict is added or taken back, or there is a link more
 * or less, or one in the place of conflicts. */
struct move {
    struct lb_workspace *workspace;
    struct lb_conflict conflict; /* number 0: none, or all of its pair */
    bool added;
    bool settled;   /* the pair is a link now */
    size_t ordinal; /* among those that the batch adds in the workspace, from 0 */
    int links;
};

struct lb_persons {
    struct lb_registry *names;
    pthread_mutex_t lock; /* of all workspaces' conflicts */
    unsigned char secret[crypto_shorthash_KEYBYTES];
    /* The batch. */
    struct changed_name *changed;
    size_t changed_count, changed_capacity;
    uint32_t *slots; /* open addressing over `changed`, index and one; a power of two */
    size_t slot_capacity;
    struct lb_person **made; /* by the batch */
    size_t made_count, made_capacity;
    struct lb_person **gone; /* can be found, and will not be any more */
    size_t gone_count, gone_capacity;
    struct move *moves;
    size_t move_count, move_capacity;
    uint32_t *pairs; /* open addressing over the moves that add, index and one; a power of two */
    size_t pair_capacity;
};

struct lb_persons *lb_persons_create(void)
{
    struct lb_persons *people = calloc(1, sizeof *people);
    if (!people)
        return NULL;
    pthread_mutex_init(&people->lock, NULL);
    randombytes_buf(people->secret, sizeof people->secret);
    people->names = lb_registry_create();
    if (people->names)
        return people;
    lb_persons_destroy(people);
    return NULL;
}

/* Of the nodes of a person, which are removed in no order, the last one frees it. */
static void free_with_node(struct lb_registry_node *node)
{
    struct lb_person *person = ((struct lb_person_name *)node)->person;
    if (--person->name_count == 0)
        free(person);
}

void lb_persons_destroy(struct lb_persons *people)
{
    if (!people)
        return;
    lb_persons_roll_back(people);
    lb_registry_destroy(people->names, free_with_node);
    free(people->changed);
    free(people->slots);
    free(people->made);
    free(people->gone);
    free(people->moves);
    free(people->pairs);
    pthread_mutex_destroy(&people->lock);
    free(people);
}

/* --- Looking ---------------------------------------------------------------------------------- */

bool lb_other_names_add(struct lb_other_names *others, struct lb_str name)
{
    for (size_t i = 0; i < others->count; i++)
        if (lb_str_equal(others->names[i], name))
            return true;
    if (others->count == sizeof others->names / sizeof *others->names)
        return false;
    others->names[others->count++] = name;
    return true;
}

static void add_others(const struct lb_person *person, struct lb_str name, enum lb_person_side side,
                       struct lb_other_names *out)
{
    size_t of = 0;
    while (!lb_str_equal(lb_person_name(person, of), name))
        of++;
    for (size_t i = 0; i < person->name_count; i++)
        if (person->sides[side][of] >> i & 1)
            lb_other_names_add(out, lb_person_name(person, i));
}

static struct lb_person *person_of(struct lb_registry_node *node)
{
    return node ? ((struct lb_person_name *)node)->person : NULL;
}

void lb_persons_others(const struct lb_persons *people, uint32_t workspace, struct lb_str name,
                       enum lb_person_side side, struct lb_other_names *out)
{
    struct lb_registry_node *node = lb_registry_find(people->names, workspace, name);
    out->count = 0;
    for (; node; node = lb_registry_find_next(people->names, node))
        add_others(person_of(node), name, side, out);
}

static uint64_t hash(const struct lb_persons *people, uint32_t workspace, struct lb_str name)
{
    uint64_t out;
    crypto_shorthash((unsigned char *)&out, (const unsigned char *)name.ptr, name.len,
                     people->secret);
    return out ^ workspace * UINT64_C(0x9e3779b97f4a7c15);
}

/* Equal for equal pairs. */
static uint64_t hash_pair(const struct lb_persons *people, struct lb_str member, struct lb_str name)
{
    return hash(people, 0, member) * 3 + hash(people, 0, name);
}

/* The slot of a name, or the empty one where it belongs. The table is never full. */
static uint32_t *probe(const struct lb_persons *people, uint32_t workspace, struct lb_str name)
{
    size_t at = hash(people, workspace, name) & (people->slot_capacity - 1);
    for (;; at = (at + 1) & (people->slot_capacity - 1)) {
        uint32_t *slot = &people->slots[at];
        const struct changed_name *changed = *slot ? &people->changed[*slot - 1] : NULL;
        if (!changed || (changed->workspace == workspace && lb_str_equal(changed->name, name)))
            return slot;
    }
}

/* Whose name it is in the batch; NULL: only its own. */
static struct lb_person *find_in_batch(const struct lb_persons *people, uint32_t workspace,
                                       struct lb_str name)
{
    uint32_t slot = people->changed_count ? *probe(people, workspace, name) : 0;
    if (slot)
        return people->changed[slot - 1].person;
    return person_of(lb_registry_find(people->names, workspace, name));
}

void lb_persons_others_in_batch(const struct lb_persons *people, uint32_t workspace,
                                struct lb_str name, enum lb_person_side side,
                                struct lb_other_names *out)
{
    const struct lb_person *person = find_in_batch(people, workspace, name);
    out->count = 0;
    if (person)
        add_others(person, name, side, out);
}

static void add_all(const struct lb_person *person, struct lb_str name, struct lb_other_names *out)
{
    for (size_t i = 0; i < person->name_count; i++)
        if (!lb_str_equal(lb_person_name(person, i), name))
            lb_other_names_add(out, lb_person_name(person, i));
}

void lb_persons_all(const struct lb_persons *people, uint32_t workspace, struct lb_str name,
                    struct lb_other_names *out)
{
    struct lb_registry_node *node = lb_registry_find(people->names, workspace, name);
    out->count = 0;
    for (; node; node = lb_registry_find_next(people->names, node))
        add_all(person_of(node), name, out);
}

void lb_persons_all_in_batch(const struct lb_persons *people, uint32_t workspace,
                             struct lb_str name, struct lb_other_names *out)
{
    const struct lb_person *person = find_in_batch(people, workspace, name);
    out->count = 0;
    if (person)
        add_all(person, name, out);
}

static lb_err each_pair_of(const struct lb_person *person, void *context,
                           lb_err (*each)(void *context, struct lb_str member, struct lb_str name))
{
    uint64_t after = 0;
    lb_err err = LB_OK;
    while (!err) {
        const struct lb_person_pair *next = NULL;
        for (size_t i = 0; i < person->pair_count; i++) {
            const struct lb_person_pair *pair = &person->pairs[i];
            if (lb_person_pair_last(pair) > after &&
                (!next || lb_person_pair_last(pair) < lb_person_pair_last(next)))
                next = pair;
        }
        if (!next)
            break;
        after = lb_person_pair_last(next);
        err =
            each(context, lb_person_name(person, next->member), lb_person_name(person, next->name));
    }
    return err;
}

/* The next person of the workspace, each once; `*node` begins as the first of all, and is NULL
 * after the last. The person may be replaced meanwhile. */
static struct lb_person *next_person(const struct lb_persons *people, uint32_t workspace,
                                     struct lb_registry_node **node)
{
    struct lb_person *person = NULL;
    for (; *node && !person; *node = lb_registry_after(people->names, *node))
        if ((*node)->scope == workspace && *node == &person_of(*node)->names[0].node)
            person = person_of(*node);
    return person;
}

lb_err lb_persons_each_pair(const struct lb_persons *people, uint32_t workspace, void *context,
                            lb_err (*each)(void *context, struct lb_str member, struct lb_str name))
{
    lb_err err = LB_OK;
    struct lb_registry_node *node = lb_registry_first(people->names);
    const struct lb_person *person;
    while (!err && (person = next_person(people, workspace, &node)) != NULL)
        err = each_pair_of(person, context, each);
    return err;
}

/* --- Changing the batch's people -------------------------------------------------------------- */

static bool grow_slots(struct lb_persons *people)
{
    size_t capacity = people->slot_capacity ? people->slot_capacity * 2 : 64;
    uint32_t *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    free(people->slots);
    people->slots = slots;
    people->slot_capacity = capacity;
    for (size_t i = 0; i < people->changed_count; i++) {
        const struct changed_name *changed = &people->changed[i];
        *probe(people, changed->workspace, changed->name) = (uint32_t)i + 1;
    }
    return true;
}

static bool set_person(struct lb_persons *people, uint32_t workspace, struct lb_str name,
                       struct lb_person *person)
{
    if ((people->changed_count + 1) * 2 > people->slot_capacity && !grow_slots(people))
        return false;
    uint32_t *slot = probe(people, workspace, name);
    if (!*slot) {
        if (!lb_array_reserve(people->changed, people->changed_capacity, people->changed_count + 1))
            return false;
        people->changed[people->changed_count++] =
            (struct changed_name){.workspace = workspace, .name = name};
        *slot = (uint32_t)people->changed_count;
    }
    people->changed[*slot - 1].person = person;
    return true;
}

/* The person will not be found any more, and the names are alone until others have them. */
static bool let_go(struct lb_persons *people, uint32_t workspace, struct lb_person *person)
{
    if (person->superseded)
        return true;
    for (size_t i = 0; i < person->name_count; i++)
        if (!set_person(people, workspace, lb_person_name(person, i), NULL))
            return false;
    if (person->found) {
        if (!lb_array_reserve(people->gone, people->gone_capacity, people->gone_count + 1))
            return false;
        people->gone[people->gone_count++] = person;
    }
    person->superseded = true;
    return true;
}

/* The people of a draft take the place of those whom it was made of. */
static bool replace(struct lb_persons *people, uint32_t workspace,
                    const struct lb_person_draft *draft)
{
    struct lb_person *made[LB_PERSON_NAMES_MAX];
    size_t count;
    if (!lb_array_reserve(people->made, people->made_capacity,
                          people->made_count + LB_PERSON_NAMES_MAX) ||
        !lb_person_make(draft, workspace, made, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        people->made[people->made_count++] = made[i];
    for (size_t i = 0; i < draft->of_count; i++)
        if (!let_go(people, workspace, draft->of[i]))
            return false;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < made[i]->name_count; j++)
            if (!set_person(people, workspace, lb_person_name(made[i], j), made[i]))
                return false;
    return true;
}

static void draw(const struct lb_persons *people, uint32_t workspace, struct lb_str member,
                 struct lb_str name, struct lb_person_draft *out)
{
    out->of_count = out->name_count = out->pair_count = 0;
    lb_person_draft_add(out, find_in_batch(people, workspace, member));
    lb_person_draft_add(out, find_in_batch(people, workspace, name));
}

static void take_names(const struct lb_person_draft *draft, struct lb_other_names *out)
{
    out->count = 0;
    for (size_t i = 0; i < draft->name_count; i++)
        lb_other_names_add(out, draft->names[i]);
}

enum lb_person_meeting lb_persons_meet(const struct lb_persons *people, uint32_t workspace,
                                       struct lb_str member, struct lb_str name,
                                       struct lb_person_draft *out_draft)
{
    draw(people, workspace, member, name, out_draft);
    return lb_person_meet(out_draft, member, name);
}

/* Links one after the other are one move, so that there are few beside conflicts. */
static bool note_move(struct lb_persons *people, const struct move *move)
{
    struct move *last = people->move_count ? &people->moves[people->move_count - 1] : NULL;
    if (last && last->workspace == move->workspace && last->links && move->links) {
        last->links += move->links;
        return true;
    }
    if (!lb_array_reserve(people->moves, people->move_capacity, people->move_count + 1) ||
        !people->moves)
        return false;
    people->moves[people->move_count++] = *move;
    return true;
}

/* The draft's people take the place of those before, with so many links more, or less. */
static bool change(struct lb_persons *people, struct lb_workspace *workspace,
                   const struct lb_person_draft *draft, size_t links_before)
{
    const struct move move = {.workspace = workspace,
                              .links = (int)draft->pair_count - (int)links_before};
    return (!move.links || note_move(people, &move)) && replace(people, workspace->row.no, draft);
}

/* A pair that could be no link is one now. */
static bool settle(struct lb_persons *people, struct lb_workspace *workspace, struct lb_str member,
                   struct lb_str name)
{
    if (!workspace->conflicts || !lb_persons_has_conflict(people, workspace, member, name))
        return true;
    const struct move move = {.workspace = workspace,
                              .conflict = {.pair = hash_pair(people, member, name)},
                              .settled = true};
    return note_move(people, &move);
}

bool lb_persons_link(struct lb_persons *people, struct lb_workspace *workspace,
                     struct lb_str member, struct lb_str name, uint64_t number,
                     struct lb_person_draft *draft, struct lb_other_names *out_names)
{
    size_t links = draft->pair_count;
    lb_person_draft_link(draft, member, name, number);
    take_names(draft, out_names);
    atomic_store_explicit(&workspace->has_links, true, memory_order_release);
    return settle(people, workspace, member, name) && change(people, workspace, draft, links);
}

bool lb_persons_unlink(struct lb_persons *people, struct lb_workspace *workspace,
                       struct lb_str member, struct lb_str name, uint64_t number,
                       struct lb_other_names *out_names)
{
    struct lb_person_draft draft;
    draw(people, workspace->row.no, member, name, &draft);
    size_t links = draft.pair_count;
    out_names->count = 0;
    if (!lb_person_draft_end(&draft, member, name, number))
        return true;
    take_names(&draft, out_names);
    return change(people, workspace, &draft, links);
}

bool lb_persons_forget(struct lb_persons *people, struct lb_workspace *workspace,
                       struct lb_str name)
{
    struct lb_person_draft draft = {0};
    struct lb_person *person = find_in_batch(people, workspace->row.no, name);
    if (!person)
        return true;
    lb_person_draft_add(&draft, person);
    size_t links = draft.pair_count;
    draft.pair_count = 0;
    return change(people, workspace, &draft, links);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

static bool is_one_of(const struct lb_person_pair *pair, const uint64_t *numbers, size_t count)
{
    return bsearch(&pair->first, numbers, count, sizeof *numbers, compare_numbers) ||
           bsearch(&pair->latest, numbers, count, sizeof *numbers, compare_numbers);
}

/* Other pairs of the person stay. */
static bool forget_pairs(struct lb_persons *people, struct lb_workspace *workspace,
                         struct lb_person *person, const uint64_t *numbers, size_t count)
{
    struct lb_person_draft draft = {0};
    lb_person_draft_add(&draft, person);
    size_t links = draft.pair_count;
    for (size_t i = links; i-- > 0;)
        if (is_one_of(&draft.pairs[i], numbers, count))
            draft.pairs[i] = draft.pairs[--draft.pair_count];
    return draft.pair_count == links || change(people, workspace, &draft, links);
}

bool lb_persons_forget_links(struct lb_persons *people, struct lb_workspace *workspace,
                             const uint64_t *numbers, size_t count)
{
    struct lb_registry_node *node = lb_registry_first(people->names);
    struct lb_person *person;
    while ((person = next_person(people, workspace->row.no, &node)) != NULL)
        if (!forget_pairs(people, workspace, person, numbers, count))
            return false;
    return true;
}

/* --- Conflicts -------------------------------------------------------------------------------- */

/* The slot of a pair that the batch adds, or the empty one where it belongs: the index of its
 * latest move, and one. */
static uint32_t *probe_pair(const struct lb_persons *people, const struct lb_workspace *workspace,
                            uint64_t pair)
{
    size_t mask = people->pair_capacity - 1;
    for (size_t at = pair & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &people->pairs[at];
        const struct move *move = *slot ? &people->moves[*slot - 1] : NULL;
        if (!move || (move->workspace == workspace && move->conflict.pair == pair))
            return slot;
    }
}

static bool grow_pairs(struct lb_persons *people)
{
    size_t capacity = people->pair_capacity ? people->pair_capacity : 64;
    while (capacity < (people->move_count + 1) * 2)
        capacity *= 2;
    uint32_t *pairs = calloc(capacity, sizeof *pairs);
    if (!pairs)
        return false;
    free(people->pairs);
    people->pairs = pairs;
    people->pair_capacity = capacity;
    for (size_t i = 0; i < people->move_count; i++)
        if (people->moves[i].added)
            *probe_pair(people, people->moves[i].workspace, people->moves[i].conflict.pair) =
                (uint32_t)i + 1;
    return true;
}

/* Of those that the batch adds only the latest will be listed. */
static bool batch_has_conflict(const struct lb_persons *people,
                               const struct lb_workspace *workspace, uint64_t pair)
{
    uint32_t slot = people->pair_capacity ? *probe_pair(people, workspace, pair) : 0;
    return slot && workspace->batch_conflicts - people->moves[slot - 1].ordinal <= LB_CONFLICTS_MAX;
}

bool lb_persons_has_conflict(const struct lb_persons *people, const struct lb_workspace *workspace,
                             struct lb_str member, struct lb_str name)
{
    uint64_t pair = hash_pair(people, member, name);
    return batch_has_conflict(people, workspace, pair) ||
           (workspace->conflicts && lb_conflicts_has(workspace->conflicts, pair));
}

static bool make_room(struct lb_persons *people, struct lb_workspace *workspace)
{
    if (!workspace->conflicts) {
        pthread_mutex_lock(&people->lock);
        workspace->conflicts = calloc(1, sizeof *workspace->conflicts);
        pthread_mutex_unlock(&people->lock);
    }
    return workspace->conflicts &&
           ((people->move_count + 1) * 2 <= people->pair_capacity || grow_pairs(people));
}

bool lb_persons_add_conflict(struct lb_persons *people, struct lb_workspace *workspace,
                             struct lb_str member, struct lb_str name, uint64_t number)
{
    const struct move move = {
        .workspace = workspace,
        .conflict = {.number = number, .pair = hash_pair(people, member, name)},
        .added = true,
        .ordinal = workspace->batch_conflicts};
    if (!make_room(people, workspace) || !note_move(people, &move))
        return false;
    workspace->batch_conflicts++;
    *probe_pair(people, workspace, move.conflict.pair) = (uint32_t)people->move_count;
    return true;
}

bool lb_persons_drop_conflict(struct lb_persons *people, struct lb_workspace *workspace,
                              uint64_t number)
{
    const struct move move = {.workspace = workspace, .conflict = {.number = number}};
    return note_move(people, &move);
}

/* Of many that are added, those that would give place to the others at once are left out. */
static void make_move(const struct move *move)
{
    struct lb_workspace *workspace = move->workspace;
    if (move->links)
        atomic_fetch_add_explicit(&workspace->links, (uint64_t)(int64_t)move->links,
                                  memory_order_relaxed);
    if (move->settled)
        lb_conflicts_drop_pair(workspace->conflicts, move->conflict.pair);
    if (!move->conflict.number)
        return;
    if (!move->added && workspace->conflicts)
        lb_conflicts_drop(workspace->conflicts, move->conflict.number);
    else if (move->added && workspace->batch_conflicts - move->ordinal <= LB_CONFLICTS_MAX)
        lb_conflicts_add(workspace->conflicts, move->conflict);
}

size_t lb_persons_conflicts(struct lb_persons *people, const struct lb_workspace *workspace,
                            uint64_t *out)
{
    pthread_mutex_lock(&people->lock);
    const struct lb_conflicts *conflicts = workspace->conflicts;
    size_t count = conflicts ? conflicts->count : 0;
    for (size_t i = 0; i < count; i++)
        out[i] = conflicts->list[count - 1 - i].number;
    pthread_mutex_unlock(&people->lock);
    return count;
}

/* --- The end of the batch --------------------------------------------------------------------- */

static void free_deferred(struct lb_rcu_head *head)
{
    free(head); /* which a person begins with */
}

void lb_persons_publish(struct lb_persons *people)
{
    for (size_t i = 0; i < people->made_count; i++) {
        struct lb_person *person = people->made[i];
        if (person->superseded)
            continue;
        person->found = true;
        for (size_t j = 0; j < person->name_count; j++)
            lb_registry_add(people->names, &person->names[j].node);
    }
}

bool lb_persons_replaces_any(const struct lb_persons *people)
{
    return people->gone_count != 0;
}

static void empty(struct lb_persons *people)
{
    if (people->changed_count)
        memset(people->slots, 0, people->slot_capacity * sizeof *people->slots);
    if (people->move_count && people->pairs)
        memset(people->pairs, 0, people->pair_capacity * sizeof *people->pairs);
    for (size_t i = 0; i < people->move_count; i++)
        people->moves[i].workspace->batch_conflicts = 0;
    people->changed_count = 0;
    people->made_count = 0;
    people->gone_count = 0;
    people->move_count = 0;
}

void lb_persons_retire(struct lb_persons *people)
{
    for (size_t i = 0; i < people->gone_count; i++) {
        struct lb_person *person = people->gone[i];
        for (size_t j = 0; j < person->name_count; j++)
            lb_registry_remove(people->names, &person->names[j].node);
        lb_rcu_defer(&person->rcu, free_deferred);
    }
    for (size_t i = 0; i < people->made_count; i++)
        if (people->made[i]->superseded)
            free(people->made[i]);
    if (people->move_count) {
        pthread_mutex_lock(&people->lock);
        for (size_t i = 0; i < people->move_count; i++)
            make_move(&people->moves[i]);
        pthread_mutex_unlock(&people->lock);
    }
    empty(people);
}

void lb_persons_roll_back(struct lb_persons *people)
{
    for (size_t i = 0; i < people->gone_count; i++)
        people->gone[i]->superseded = false;
    for (size_t i = 0; i < people->made_count; i++)
        free(people->made[i]);
    empty(people);
}
