/* Files of people who become leads of a campaign: POST .../leads/import. */
#include "api/blocklist/file_import.h"
#include "api/handlers.h"
#include "api/outreach/lead_columns.h"
#include "api/outreach/leads.h"
#include "base/csv.h"
#include "base/utf8.h"
#include "domain/blocklist/country.h"
#include "domain/blocklist/persons.h"
#include "domain/blocklist/typed_name.h"
#include "domain/outreach/counts.h"
#include "domain/outreach/lead.h"
#include "domain/outreach/lead_keys.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* At once. A change of so many takes the writer some hundredths of a second, and of the second
 * numbers some milliseconds: as long as others write, too. */
#define BATCH_LEADS       ((size_t)1000)
#define BATCH_LEADS_SMALL ((size_t)100)
#define BATCH_TEXT        ((size_t)1 << 20)
#define BATCH_TEXT_SMALL  ((size_t)64 << 10)
/* The text of the last lead of a batch may come on top: its fields and variables, all escaped. */
#define TEXT_ROOM  ((size_t)4 << 20)
#define LEAD_BYTES 256 /* that a lead takes in the store's transaction, about */

/* Leads of a field that holds a name by which no block finds them, as it cannot be read. */
struct unread {
    uint64_t count;
    uint64_t line; /* of the first */
    struct lb_buf what;
};

/* The fields that may. */
static const struct {
    enum lb_lead_field field;
    enum lb_name_type type;
    const char *word;
} NAMED[] = {{LB_LEAD_EMAIL, LB_NAME_EMAIL, "e-mail address"},
             {LB_LEAD_PHONE, LB_NAME_PHONE, "phone number"},
             {LB_LEAD_WEBSITE, LB_NAME_DOMAIN, "website"}};
#define NAMED_COUNT (sizeof NAMED / sizeof *NAMED)

struct lead_import {
    struct lb_file_import file; /* first */
    struct lb_lead_columns columns;
    struct lb_standing standing;
    /* Those that are gathered. */
    struct lb_new_lead *leads;
    size_t count;
    size_t most;        /* at once */
    struct lb_buf text; /* never grows: the leads point into it */
    struct lb_lead_change change;
    struct lb_batch_writer writer;
    /* Those that are done. */
    struct lb_tally people;     /* marked, in a try: who is in the campaign already */
    struct lb_tally excluded;   /* in a try: who would be added, and is blocked */
    uint64_t found;             /* in all, as often as they were found */
    uint64_t added, blocked;    /* `blocked`: of the added ones */
    uint64_t already, repeated; /* known at the end */
    struct unread unread[NAMED_COUNT];
};

static struct lead_import *leads_of(struct lb_file_import *import)
{
    return (struct lead_import *)import;
}

/* --- Gathering --- */

/* A doubtful name is good when the campaign has it already. */
static bool is_stored(void *context, const struct lb_identifier *name)
{
    const struct lb_file_import *import = context;
    const struct lb_call *call = import->call;
    uint64_t lead = 0;
    return lb_outreach_look_up_lead(call->app->outreach, import->reader, call->list,
                                    (struct lb_str){name->text, name->len}, &lead) == LB_OK &&
           lead;
}

static struct lb_str keep(struct lead_import *leads, struct lb_str text)
{
    struct lb_str kept = {leads->text.ptr + leads->text.len, text.len};
    lb_buf_append_str(&leads->text, text);
    return kept;
}

/* The text of a cell as far as it fits; the rest is left out with a warning. */
static struct lb_str fit(struct lead_import *leads, const struct lb_import_item *item, size_t index,
                         size_t max)
{
    char warning[128];
    struct lb_str cell = lb_csv_unguard(item->cells[index]);
    struct lb_str fitting = lb_utf8_first(cell, max);
    if (fitting.len < cell.len) {
        snprintf(warning, sizeof warning,
                 "column %zu is longer than %zu characters; the rest was left out", index + 1, max);
        lb_import_notes_warning(&leads->file.notes, item->line, lb_str(warning));
    }
    return fitting;
}

static bool read_member_id(struct lb_str cell, struct lb_identifier *out)
{
    return lb_identifier_normalise(cell, out) == NULL &&
           lb_identifier_is_member_id((struct lb_str){out->text, out->len});
}

/* Fills the lead's own fields from the row. */
static void take_fields(struct lead_import *leads, const struct lb_import_item *item,
                        struct lb_new_lead *lead)
{
    struct lb_identifier member_id;
    for (size_t i = 0; i < leads->columns.count && i < item->cell_count; i++) {
        const struct lb_lead_column *column = &leads->columns.columns[i];
        enum lb_import_field field = column->field;
        if (column->fills && item->cells[i].len)
            lead->fields[column->fills_field] =
                keep(leads, fit(leads, item, i, lb_lead_field_max(column->fills_field)));
        else if (field == LB_FIELD_MEMBER_ID && read_member_id(item->cells[i], &member_id))
            lead->member_id = keep(leads, (struct lb_str){member_id.text, member_id.len});
    }
}

/* And all else of it into its variables. */
static void take_variables(struct lead_import *leads, const struct lb_import_item *item,
                           struct lb_new_lead *lead)
{
    size_t begin = leads->text.len;
    for (size_t i = 0; i < leads->columns.count && i < item->cell_count; i++) {
        const struct lb_lead_column *column = &leads->columns.columns[i];
        bool is_member_id = column->field == LB_FIELD_MEMBER_ID && lead->member_id.ptr;
        if (column->name[0] && item->cells[i].len && !is_member_id)
            lb_variables_pack(&leads->text, lb_str(column->name),
                              fit(leads, item, i, LB_VARIABLE_VALUE_MAX));
    }
    if (leads->text.len > begin)
        lead->variables = (struct lb_str){leads->text.ptr + begin, leads->text.len - begin};
}

/* --- Names that cannot be read --- */

#define SHOWN_CHARACTERS 100 /* of a value that a warning shows */

/* "the phone number "089 123456" has no country"; without what to do about it. */
static void put_unread(struct lb_buf *out, const char *word, struct lb_str value, const char *wrong)
{
    const char *end = strstr(wrong, "; ");
    lb_buf_printf(out, "the %s \"", word);
    lb_buf_append_str(out, lb_utf8_first(value, SHOWN_CHARACTERS));
    lb_buf_append_lit(out, "\" ");
    lb_buf_append_str(out, (struct lb_str){wrong, end ? (size_t)(end - wrong) : strlen(wrong)});
}

/* Notes the fields in which a name is meant that has no form. */
static void note_unread(struct lead_import *leads, const struct lb_import_item *item,
                        const struct lb_new_lead *lead)
{
    struct lb_typed_name name;
    const struct lb_name_rules rules = {.country =
                                            lb_workspace_country(leads->file.call->workspace)};
    for (size_t i = 0; i < NAMED_COUNT; i++) {
        struct unread *unread = &leads->unread[i];
        struct lb_str value = lead->fields[NAMED[i].field];
        const char *wrong =
            value.len ? lb_typed_name_normalise(NAMED[i].type, value, &rules, &name) : NULL;
        if (!wrong || wrong == lb_name_no_memory || name.refused != LB_NAME_MEANT)
            continue;
        if (!unread->count++) {
            unread->line = item->line;
            put_unread(&unread->what, NAMED[i].word, value, wrong);
        }
    }
}

static void warn_of_unread(struct lead_import *leads)
{
    for (size_t i = 0; i < NAMED_COUNT; i++) {
        struct unread *unread = &leads->unread[i];
        if (!unread->count)
            continue;
        lb_buf_append_lit(&unread->what, ": no block finds the lead by it");
        if (unread->count > 1)
            lb_buf_printf(&unread->what, ", nor %llu other%s by theirs",
                          (unsigned long long)unread->count - 1, unread->count > 2 ? "s" : "");
        if (!unread->what.failed)
            lb_import_notes_warning(&leads->file.notes, unread->line, lb_buf_str(&unread->what));
    }
}

/* --- Recording --- */

static struct lb_write *prepare(void *context)
{
    struct lead_import *leads = context;
    leads->change = (struct lb_lead_change){.outreach = leads->file.call->app->outreach,
                                            .standing = leads->standing,
                                            .leads = leads->leads,
                                            .count = leads->count};
    leads->change.write.size = leads->text.len + leads->count * (sizeof *leads->leads + LEAD_BYTES);
    lb_lead_add(&leads->change);
    return &leads->change.write;
}

static lb_err record(struct lead_import *leads)
{
    lb_err err = lb_batch_write(&leads->writer, leads->file.call, leads, prepare);
    if (err) {
        leads->file.reason = leads->change.write.reason;
        return err;
    }
    leads->added += leads->change.added;
    leads->blocked += leads->change.blocked;
    return LB_OK;
}

/* Is the person in the campaign by this name, or by another one that is known of the person? */
static lb_err look_up_name(const struct lead_import *leads, struct lb_str name, bool *out)
{
    const struct lb_call *call = leads->file.call;
    const struct lb_outreach *outreach = call->app->outreach;
    struct lb_other_names others = {0};
    uint64_t no = 0;
    lb_err err = lb_outreach_look_up_lead(outreach, leads->file.reader, call->list, name, &no);
    lb_rcu_online();
    if (!no && lb_persons_any(call->workspace))
        lb_persons_others(lb_blocklist_persons(call->app->blocklist), call->list.workspace, name,
                          LB_PERSON_SAME, &others);
    for (size_t i = 0; !err && !no && i < others.count; i++)
        err = lb_outreach_look_up_lead(outreach, leads->file.reader, call->list, others.names[i],
                                       &no);
    lb_rcu_offline();
    *out = !err && no;
    return err;
}

/* By either of its names? */
static lb_err look_up(const struct lead_import *leads, const struct lb_new_lead *lead, bool *out)
{
    lb_err err = look_up_name(leads, lead->identifier, out);
    return err || *out || !lead->member_id.ptr ? err : look_up_name(leads, lead->member_id, out);
}

/* By any of its names: also its e-mail address, phone number, domains and company. */
static lb_err is_excluded(const struct lead_import *leads, const struct lb_new_lead *lead,
                          bool *out)
{
    const struct lb_call *call = leads->file.call;
    struct lb_lead_row row = {.workspace = call->list.workspace,
                              .campaign = call->list.campaign,
                              .identifier = lead->identifier,
                              .member_id = lead->member_id};
    char phone[LB_LEAD_PHONE_SIZE];
    enum lb_scope scope;
    memcpy(row.fields, lead->fields, sizeof row.fields);
    lb_lead_read_phone(&row, lb_workspace_country(call->workspace), phone);
    lb_rcu_online();
    lb_err err = lb_leads_scope(call, &row, &scope);
    lb_rcu_offline();
    *out = scope != LB_SCOPE_NONE;
    return err;
}

/* Counts those of the batch, and in a try what would become of them. */
static lb_err tally(struct lead_import *leads)
{
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < leads->count; i++) {
        const struct lb_new_lead *lead = &leads->leads[i];
        uint64_t hash = lb_blocklist_name_hash(leads->file.call->app->blocklist, lead->identifier);
        bool known = false, excluded = false;
        if (leads->file.dry_run)
            err = look_up(leads, lead, &known);
        if (!err)
            err = lb_tally_add(&leads->people, hash, known);
        if (!err && leads->file.dry_run && !known)
            err = is_excluded(leads, lead, &excluded);
        if (!err && excluded)
            err = lb_tally_add(&leads->excluded, hash, false);
    }
    leads->found += leads->count;
    return err;
}

static size_t most_at_once(const struct lead_import *leads)
{
    const struct lb_call *call = leads->file.call;
    bool others = lb_writer_has_others(call->app->writer, &call->workspace->writes);
    return others && !leads->file.dry_run ? BATCH_LEADS_SMALL : BATCH_LEADS;
}

static lb_err flush(struct lead_import *leads)
{
    lb_err err = leads->count && !leads->file.dry_run ? record(leads) : LB_OK;
    if (!err)
        err = tally(leads);
    leads->most = most_at_once(leads);
    leads->count = 0;
    leads->text.len = 0;
    return err;
}

static void take(struct lb_file_import *import, const struct lb_import_item *item)
{
    struct lead_import *leads = leads_of(import);
    bool small = leads->most == BATCH_LEADS_SMALL;
    if (leads->count == leads->most || leads->text.len > (small ? BATCH_TEXT_SMALL : BATCH_TEXT)) {
        import->err = flush(leads);
        import->flushed = true;
    }
    if (import->err)
        return;
    struct lb_new_lead lead = {.identifier =
                                   keep(leads, (struct lb_str){item->name->text, item->name->len})};
    take_fields(leads, item, &lead);
    note_unread(leads, item, &lead);
    take_variables(leads, item, &lead);
    assert(leads->text.capacity == TEXT_ROOM);
    leads->leads[leads->count++] = lead;
}

/* --- From the beginning to the end --- */

static lb_err begin(struct lb_file_import *import)
{
    struct lead_import *leads = leads_of(import);
    leads->standing = lb_call_standing(import->call, false);
    leads->people.spool.all = leads->excluded.spool.all = &import->call->app->spools;
    leads->leads = malloc(BATCH_LEADS * sizeof *leads->leads);
    leads->most = most_at_once(leads);
    leads->text.ptr = malloc(TEXT_ROOM);
    leads->text.capacity = leads->text.ptr ? TEXT_ROOM : 0;
    lb_err err = lb_batch_writer_init(&leads->writer);
    return leads->leads && leads->text.ptr ? err : LB_ERR_OVERLOADED;
}

static lb_err judged(struct lb_file_import *import)
{
    struct lead_import *leads = leads_of(import);
    lb_err err = lb_lead_columns_read(import->import, &leads->columns);
    for (size_t i = 0; i < leads->columns.count; i++) {
        char warning[128];
        if (!lb_lead_columns_leaves_out(&leads->columns, i))
            continue;
        snprintf(warning, sizeof warning,
                 "column %zu was left out: a lead has %d variables at most", i + 1,
                 LB_VARIABLES_MAX);
        lb_import_notes_warning(&import->notes, lb_import_findings(import->import)->heading_line,
                                lb_str(warning));
    }
    return err;
}

/* A try says what the import would. */
static lb_err check_room(struct lb_file_import *import)
{
    const struct lb_call *call = import->call;
    uint64_t max = call->app->config->max_campaign_leads;
    struct lb_campaign_state state;
    lb_err err = call->app->store->ops->campaign_state(import->reader, call->list.workspace,
                                                       call->list.campaign, &state);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_ERR_CAMPAIGN_NOT_FOUND : err;
    if ((uint64_t)lb_counts_total(&state.counts) + leads_of(import)->added <= max)
        return LB_OK;
    return lb_fail(&import->reason, LB_ERR_WORKSPACE_OVERLOADED,
                   "A campaign may have %llu leads and this would exceed that.",
                   (unsigned long long)max);
}

/* Counts who was in the campaign before, and who was found more than once. */
static lb_err count(struct lead_import *leads)
{
    uint64_t different, known, excluded = 0, marked;
    lb_err err = lb_tally_count(&leads->people, &different, &known);
    if (!err && leads->file.dry_run)
        err = lb_tally_count(&leads->excluded, &excluded, &marked);
    if (leads->file.dry_run) {
        leads->added = different - known;
        leads->blocked = excluded;
    }
    leads->already = different > leads->added ? different - leads->added : 0;
    leads->repeated = leads->found - leads->added - leads->already;
    return err;
}

static lb_err finish(struct lb_file_import *import)
{
    struct lead_import *leads = leads_of(import);
    lb_err err = flush(leads);
    warn_of_unread(leads);
    if (!err)
        err = count(leads);
    return !err && import->dry_run ? check_room(import) : err;
}

static void fini(struct lb_file_import *import)
{
    struct lead_import *leads = leads_of(import);
    lb_lead_columns_fini(&leads->columns);
    lb_batch_writer_fini(&leads->writer);
    lb_tally_fini(&leads->people);
    lb_tally_fini(&leads->excluded);
    lb_buf_fini(&leads->text);
    for (size_t i = 0; i < NAMED_COUNT; i++)
        lb_buf_fini(&leads->unread[i].what);
    free(leads->leads);
}

static bool has_recorded(const struct lb_file_import *import)
{
    return ((const struct lead_import *)import)->found != 0;
}

/* --- Its answer --- */

static void put_message(struct lb_buf *body, const struct lb_file_import *import)
{
    const struct lead_import *leads = (const struct lead_import *)import;
    lb_buf_printf(body, "%llu lead%s %sadded", (unsigned long long)leads->added,
                  leads->added == 1 ? "" : "s", import->dry_run ? "would be " : "");
    if (leads->blocked)
        lb_buf_printf(body, " (%llu of them blocked)", (unsigned long long)leads->blocked);
    lb_import_put_amount(body, leads->already, "there already");
    lb_import_put_amount(body, leads->repeated, "repeated");
}

static void put_people(struct lb_buf *body, struct lb_file_import *import)
{
    struct lead_import *leads = leads_of(import);
    if (import->err) /* it broke off */
        count(leads);
    lb_buf_printf(body, ",\"added\":%llu,\"already\":%llu,\"duplicates\":%llu,\"blocked\":%llu",
                  (unsigned long long)leads->added, (unsigned long long)leads->already,
                  (unsigned long long)leads->repeated, (unsigned long long)leads->blocked);
}

static void put_fields(struct lb_buf *body, struct lb_file_import *import)
{
    lb_lead_columns_put(body, &leads_of(import)->columns, import->import);
}

enum lb_progress lb_leads_import(struct lb_call *call)
{
    static const struct lb_import_purpose purpose = {
        .options = {.one_per_row = true, .is_stored = is_stored},
        .begin = begin,
        .judged = judged,
        .take = take,
        .finish = finish,
        .fini = fini,
        .has_recorded = has_recorded,
        .put_message = put_message,
        .put_people = put_people,
        .put_more = put_fields};
    struct lead_import *leads = lb_call_alloc(call, sizeof *leads);
    if (!leads)
        return LB_DONE;
    leads->file.adds = true;
    return lb_file_import_begin(call, &leads->file, &purpose);
}
