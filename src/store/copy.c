#include "store/copy.h"

#include "store/chain.h"

#define NUMBER(name)                                                                               \
    {                                                                                              \
        name, name, LB_COPY_NUMBER                                                                 \
    }
#define NUMBER_AS(name, own)                                                                       \
    {                                                                                              \
        name, own, LB_COPY_NUMBER                                                                  \
    }
#define SMALL(name)                                                                                \
    {                                                                                              \
        name, name, LB_COPY_SMALL                                                                  \
    }
#define FLAG(name)                                                                                 \
    {                                                                                              \
        name, name, LB_COPY_FLAG                                                                   \
    }
#define TEXT(name)                                                                                 \
    {                                                                                              \
        name, name, LB_COPY_TEXT                                                                   \
    }
#define BYTES(name)                                                                                \
    {                                                                                              \
        name, name, LB_COPY_BYTES                                                                  \
    }
#define BYTES_AS(name, own)                                                                        \
    {                                                                                              \
        name, own, LB_COPY_BYTES                                                                   \
    }
#define WORKSPACE NUMBER_AS("workspace", "workspace_id")

static const struct lb_copy_column workspace_columns[] = {
    NUMBER_AS("no", "workspace_id"),
    TEXT("id"),
    TEXT("name"),
    TEXT("plan"),
    NUMBER("created_at"),
    NUMBER("expires_at"),
    NUMBER("numbers"),
    TEXT("default_country"),
};

static const struct lb_copy_column key_columns[] = {
    WORKSPACE,
    NUMBER("no"),
    TEXT("id"),
    TEXT("name"),
    BYTES("secret_hash"),
    FLAG("read_only"),
    NUMBER("rate_limit"),
    NUMBER("created_at"),
    NUMBER("expires_at"),
    NUMBER("revoked_at"),
    NUMBER("last_used_at"),
};

static const struct lb_copy_column account_columns[] = {
    NUMBER("no"),           NUMBER("workspace"),   TEXT("id"),           TEXT("email"),
    TEXT("role"),           TEXT("password_hash"), NUMBER("created_at"), NUMBER("deleted_at"),
    NUMBER("signed_in_at"), NUMBER("made_by"),
};

static const struct lb_copy_column campaign_columns[] = {
    WORKSPACE,
    NUMBER("no"),
    TEXT("id"),
    TEXT("name"),
    TEXT("status"),
    NUMBER("created_at"),
    NUMBER("deleted_at"),
    NUMBER("list_ended_at"),
    NUMBER("activated_at"),
    TEXT("variables"),
    NUMBER("leads_waiting"),
    NUMBER("leads_active"),
    NUMBER("leads_paused"),
    NUMBER("leads_completed"),
    NUMBER("leads_error"),
    NUMBER("leads_set_aside"),
    NUMBER("leads_invited"),
    NUMBER("leads_accepted"),
    NUMBER("leads_contacted"),
    NUMBER("leads_replied"),
    FLAG("block_on_reply"),
    NUMBER("skip_contacted_days"),
    FLAG("stop_colleagues"),
    NUMBER("leads_skipped"),
};

static const struct lb_copy_column step_columns[] = {
    WORKSPACE,
    NUMBER("no"),
    NUMBER("campaign"),
    NUMBER("position"),
    TEXT("type"),
    NUMBER("delay_hours"),
    FLAG("stop_on_reply"),
    TEXT("body"),
    NUMBER("deleted_at"),
};

static const struct lb_copy_column lead_columns[] = {
    WORKSPACE,
    NUMBER("no"),
    NUMBER("campaign"),
    TEXT("identifier"),
    TEXT("member_id"),
    TEXT("first_name"),
    TEXT("last_name"),
    TEXT("company_name"),
    TEXT("variables"),
    NUMBER("added_at"),
    SMALL("status"),
    FLAG("set_aside"),
    SMALL("queue"),
    NUMBER("step"),
    NUMBER("since"),
    NUMBER("marks"),
    TEXT("email"),
    TEXT("phone"),
    TEXT("headline"),
    TEXT("website"),
    TEXT("company_url"),
    TEXT("email_form"),
    TEXT("phone_form"),
    TEXT("page_form"),
    TEXT("company_form"),
    TEXT("mail_host"),
    TEXT("site_host"),
    FLAG("formed"),
    NUMBER("contacted_at"),
    FLAG("gave_way"),
};

static const struct lb_copy_column pending_columns[] = {
    WORKSPACE,
    NUMBER("campaign"),
    TEXT("key"),
    NUMBER("token"),
};

static const struct lb_copy_column stopped_columns[] = {
    WORKSPACE, NUMBER("campaign"), TEXT("key"), NUMBER("lead"), NUMBER("at"),
};

static const struct lb_copy_column name_columns[] = {
    WORKSPACE,
    TEXT("name"),
    NUMBER("campaign"),
    NUMBER("lead"),
};

static const struct lb_copy_column activity_columns[] = {
    WORKSPACE,
    NUMBER("lead"),
    NUMBER("step"),
    NUMBER("campaign"),
    SMALL("state"),
    NUMBER("attempts"),
    NUMBER("retries"),
    TEXT("lease_token"),
    NUMBER("lease_until"),
    NUMBER("claimed_at"),
    NUMBER("completed_at"),
    NUMBER("changed_at"),
    TEXT("detail"),
    NUMBER("variant"),
};

static const struct lb_copy_column log_columns[] = {
    [LB_COPY_LOG_WORKSPACE] = WORKSPACE,
    [LB_COPY_LOG_NUMBER] = NUMBER_AS("number", "id"),
    [LB_COPY_LOG_CAMPAIGN] = NUMBER("campaign"),
    [LB_COPY_LOG_KIND] = SMALL("kind"),
    [LB_COPY_LOG_CONTINUES] = FLAG("continues"),
    [LB_COPY_LOG_KEY] = NUMBER("key"),
    [LB_COPY_LOG_AT] = NUMBER("at"),
    [LB_COPY_LOG_UNDOES] = NUMBER("undoes"),
    [LB_COPY_LOG_EPOCH] = NUMBER("epoch"),
    [LB_COPY_LOG_REASON] = TEXT("reason"),
    [LB_COPY_LOG_ITEMS] = TEXT("items"),
    [LB_COPY_LOG_SOURCE] = TEXT("source"),
    [LB_COPY_LOG_IMPORT] = TEXT("import"),
    /* SQLite has both in one column. */
    [LB_COPY_LOG_SEED] = BYTES_AS("substr(seal, 33)", "seed"),
    [LB_COPY_LOG_DIGEST] = BYTES_AS("substr(seal, 1, 32)", "digest"),
};

static const struct lb_copy_column audit_columns[] = {
    WORKSPACE,      NUMBER("id"),   NUMBER("key"),  NUMBER("at"),
    TEXT("action"), TEXT("target"), TEXT("source"),
};

static const struct lb_copy_column check_columns[] = {
    WORKSPACE,
    NUMBER("day"),
    NUMBER("checks"),
    NUMBER("blocked"),
};

static const struct lb_copy_column signing_key_columns[] = {
    NUMBER("no"),
    BYTES("seed"),
    NUMBER("created_at"),
};

static const struct lb_copy_column erasure_key_columns[] = {
    NUMBER("no"),
    BYTES("key"),
    NUMBER("created_at"),
};

static const struct lb_copy_column erased_name_columns[] = {
    WORKSPACE,
    BYTES("tag"),
    NUMBER("at"),
};

static const struct lb_copy_column factor_columns[] = {
    NUMBER("account"),   BYTES("sealed"), NUMBER("created_at"), NUMBER("confirmed_at"),
    NUMBER("last_step"), NUMBER("wrong"), NUMBER("wrong_at"),   BYTES("recovery"),
};

static const struct lb_copy_column variant_columns[] = {
    WORKSPACE,   NUMBER("no"),     NUMBER("campaign"), NUMBER("step"),     TEXT("body"),
    TEXT("icp"), FLAG("disabled"), NUMBER("done"),     NUMBER("accepted"), NUMBER("replied"),
};

static const struct lb_copy_column import_columns[] = {
    WORKSPACE,
    NUMBER("no"),
    TEXT("id"),
    NUMBER("campaign"),
    FLAG("unblocks"),
    NUMBER("key"),
    NUMBER("started_at"),
    NUMBER("touched_at"),
    NUMBER("finished_at"),
    NUMBER("undone_at"),
    NUMBER("run"),
    NUMBER("bytes"),
    NUMBER("done"),
    NUMBER("rest"),
    NUMBER("duplicates"),
    NUMBER("rows"),
    NUMBER("bad"),
    NUMBER("blank"),
    NUMBER("column_no"),
    TEXT("column_name"),
};

static const struct lb_copy_column event_columns[] = {
    WORKSPACE,     NUMBER("number"),   NUMBER("log"),  NUMBER("epoch"), NUMBER("at"),
    SMALL("type"), NUMBER("campaign"), NUMBER("lead"), NUMBER("key"),   NUMBER("detail"),
};

/* Without the lease, which belongs to a node. */
static const struct lb_copy_column hook_columns[] = {
    WORKSPACE,
    TEXT("id"),
    TEXT("url"),
    SMALL("type"),
    NUMBER("campaign"),
    TEXT("campaign_id"),
    BYTES("secret"),
    BYTES("old_secret"),
    NUMBER("old_secret_until"),
    NUMBER("created_at"),
    NUMBER("key"),
    SMALL("state"),
    TEXT("place"),
    NUMBER("tries"),
    NUMBER("failing_since"),
    NUMBER("next_at"),
    NUMBER("missed"),
};

static const struct lb_copy_column delivery_columns[] = {
    WORKSPACE,        TEXT("hook"),          NUMBER("no"),    SMALL("kind"),      SMALL("state"),
    TEXT("event"),    TEXT("place"),         NUMBER("tries"), NUMBER("first_at"), NUMBER("last_at"),
    NUMBER("status"), NUMBER("duration_ms"), NUMBER("bytes"), TEXT("error"),
};

#define COLUMNS(array) (array), sizeof(array) / sizeof *(array)

const struct lb_copy_table lb_copy_tables[LB_COPY_TABLE_COUNT] = {
    {LB_COPY_WORKSPACE, "workspace", COLUMNS(workspace_columns), {0}, 1, false},
    {LB_COPY_API_KEY, "api_key", COLUMNS(key_columns), {0, 1}, 2, true},
    {LB_COPY_ACCOUNT, "account", COLUMNS(account_columns), {0}, 1, false},
    {LB_COPY_CAMPAIGN, "campaign", COLUMNS(campaign_columns), {0, 1}, 2, true},
    {LB_COPY_STEP, "step", COLUMNS(step_columns), {0, 1}, 2, true},
    {LB_COPY_LEAD, "lead", COLUMNS(lead_columns), {0, 1}, 2, true},
    {LB_COPY_LEAD_NAME, "lead_name", COLUMNS(name_columns), {0, 1, 2}, 3, false},
    {LB_COPY_ACTIVITY, "activity", COLUMNS(activity_columns), {0, 1, 2}, 3, true},
    {LB_COPY_BLOCKLIST_LOG, "blocklist_log", COLUMNS(log_columns), {0, 1}, 2, true},
    {LB_COPY_AUDIT_LOG, "audit_log", COLUMNS(audit_columns), {0, 1}, 2, true},
    {LB_COPY_CHECK_COUNT, "check_count", COLUMNS(check_columns), {0, 1}, 2, false},
    {LB_COPY_SIGNING_KEY, "signing_key", COLUMNS(signing_key_columns), {0}, 1, false},
    {LB_COPY_IMPORT, "blocklist_import", COLUMNS(import_columns), {0, 1}, 2, false},
    {LB_COPY_VARIANT, "step_variant", COLUMNS(variant_columns), {0, 1}, 2, true},
    {LB_COPY_EVENT, "event", COLUMNS(event_columns), {0, 1}, 2, false},
    {LB_COPY_HOOK, "hook", COLUMNS(hook_columns), {0, 1}, 2, false},
    {LB_COPY_HOOK_DELIVERY, "hook_delivery", COLUMNS(delivery_columns), {0, 1, 2}, 3, false},
    {LB_COPY_LEAD_PENDING, "lead_pending", COLUMNS(pending_columns), {0, 1, 2}, 3, false},
    {LB_COPY_STOPPED_COMPANY, "stopped_company", COLUMNS(stopped_columns), {0, 1, 2}, 3, false},
    {LB_COPY_ERASURE_KEY, "erasure_key", COLUMNS(erasure_key_columns), {0}, 1, false},
    {LB_COPY_ERASED_NAME, "erased_name", COLUMNS(erased_name_columns), {0, 1}, 2, false},
    {LB_COPY_SECOND_FACTOR, "second_factor", COLUMNS(factor_columns), {0}, 1, false},
};

_Static_assert(sizeof lead_columns / sizeof *lead_columns <= LB_COPY_COLUMNS_MAX,
               "the widest table fits into a row");

/* --- Values as bytes ---------------------------------------------------------------------------
 *
 * Each begins with what it is, and texts with their length, so that no two rows look alike. Numbers
 * are in the order of the processor: positions are read by machines of the same kind. */

enum tag { TAG_NULL, TAG_NUMBER, TAG_TEXT };

static bool is_text(enum lb_copy_type type)
{
    return type == LB_COPY_TEXT || type == LB_COPY_BYTES;
}

static void put_value(struct lb_buf *out, enum lb_copy_type type, const struct lb_copy_value *value)
{
    char head[1 + sizeof(int64_t)] = {TAG_NULL};
    if (value->null) {
        lb_buf_append(out, head, 1);
        return;
    }
    int64_t number = is_text(type) ? (int64_t)value->text.len : value->number;
    head[0] = is_text(type) ? TAG_TEXT : TAG_NUMBER;
    memcpy(head + 1, &number, sizeof number);
    lb_buf_append(out, head, sizeof head);
    if (is_text(type))
        lb_buf_append_str(out, value->text);
}

/* Takes one value, which is never null in a key, off the front of the bytes. */
static bool take_value(struct lb_str *bytes, enum lb_copy_type type, struct lb_copy_value *out)
{
    int64_t number;
    if (bytes->len < 1 + sizeof number || bytes->ptr[0] != (is_text(type) ? TAG_TEXT : TAG_NUMBER))
        return false;
    memcpy(&number, bytes->ptr + 1, sizeof number);
    bytes->ptr += 1 + sizeof number;
    bytes->len -= 1 + sizeof number;
    *out = (struct lb_copy_value){.number = number};
    if (!is_text(type))
        return true;
    if (number < 0 || (uint64_t)number > bytes->len)
        return false;
    out->text = (struct lb_str){bytes->ptr, (size_t)number};
    bytes->ptr += number;
    bytes->len -= (size_t)number;
    return true;
}

void lb_copy_write_key(const struct lb_copy_table *table, const struct lb_copy_row *row,
                       struct lb_buf *out)
{
    for (size_t i = 0; i < table->key_count; i++)
        put_value(out, table->columns[table->key[i]].type, &row->values[table->key[i]]);
}

bool lb_copy_read_key(const struct lb_copy_table *table, struct lb_str bytes,
                      struct lb_copy_value out[LB_COPY_KEY_MAX])
{
    for (size_t i = 0; i < table->key_count; i++)
        if (!take_value(&bytes, table->columns[table->key[i]].type, &out[i]))
            return false;
    return bytes.len == 0;
}

void lb_copy_read_log_row(const struct lb_copy_row *row, struct lb_log_row *out)
{
    const struct lb_copy_value *values = row->values;
    struct lb_str seed = values[LB_COPY_LOG_SEED].text;
    struct lb_str digest = values[LB_COPY_LOG_DIGEST].text;
    *out = (struct lb_log_row){.number = (uint64_t)values[LB_COPY_LOG_NUMBER].number,
                               .list = {.workspace = (uint32_t)values[LB_COPY_LOG_WORKSPACE].number,
                                        .campaign = (uint32_t)values[LB_COPY_LOG_CAMPAIGN].number},
                               .kind = (enum lb_log_kind)values[LB_COPY_LOG_KIND].number,
                               .continues = values[LB_COPY_LOG_CONTINUES].number != 0,
                               .actor = (uint32_t)values[LB_COPY_LOG_KEY].number,
                               .at = values[LB_COPY_LOG_AT].number,
                               .undoes = (uint64_t)values[LB_COPY_LOG_UNDOES].number,
                               .epoch = (uint64_t)values[LB_COPY_LOG_EPOCH].number,
                               .reason = values[LB_COPY_LOG_REASON].text,
                               .items = values[LB_COPY_LOG_ITEMS].text,
                               .source = values[LB_COPY_LOG_SOURCE].text,
                               .import = values[LB_COPY_LOG_IMPORT].text};
    out->unsealed = digest.len != sizeof out->digest || !lb_chain_read_seed(seed, out);
    if (!out->unsealed)
        memcpy(out->digest, digest.ptr, digest.len);
}

void lb_copy_write_row(const struct lb_copy_table *table, const struct lb_copy_row *row,
                       struct lb_buf *out)
{
    for (size_t i = 0; i < table->column_count; i++)
        put_value(out, table->columns[i].type, &row->values[i]);
}

static void append_name(struct lb_buf *sql, const struct lb_copy_column *column, bool first,
                        bool shared)
{
    lb_buf_printf(sql, "%s%s", first ? "" : ", ", shared ? column->shared_name : column->name);
}

void lb_copy_append_columns(struct lb_buf *sql, const struct lb_copy_table *table, bool shared)
{
    for (size_t i = 0; i < table->column_count; i++)
        append_name(sql, &table->columns[i], i == 0, shared);
}

void lb_copy_append_key(struct lb_buf *sql, const struct lb_copy_table *table, bool shared)
{
    size_t first = !shared && table->key_without_workspace ? 1 : 0;
    for (size_t i = first; i < table->key_count; i++)
        append_name(sql, &table->columns[table->key[i]], i == first, shared);
}
