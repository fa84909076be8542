#include "daemon/parts.h"

#include "api/events/waits.h"
#include "api/hooks/hooks.h"
#include "api/request_counts.h"
#include "api/routes.h"
#include "api/system/backup.h"
#include "base/clock.h"
#include "daemon/address.h"
#include "daemon/notify.h"
#include "domain/access/session_uses.h"
#include "domain/access/admin.h"
#include "domain/copy/copy.h"
#include "store/postgres/postgres.h"
#include "store/sqlite/sqlite.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Memory that queued writes may hold. */
#define QUEUE_BYTES  ((size_t)256 << 20)
#define READS_MAX    4096
#define RETENTION_MS 50                /* of each second */
#define STORM_BYTES  ((size_t)8 << 20) /* of requests; after less, memory is kept for the next */
/* What a connection whose answer is not read takes, beside what its requests reserve. */
#define CONNECTION_BYTES ((size_t)12 << 10)
#define IMPORTERS        2  /* threads; one workspace has one of them at a time */
#define NUMBERS_TOLD     20 /* of workspaces */
#define IMPORTS_MAX      32 /* under way; each holds memory for what it found out about its file */

static lb_err out_of_memory(struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
}

static struct lb_cidr *parse_networks(const struct lb_config_list *list)
{
    struct lb_cidr *networks = calloc(list->count + 1, sizeof *networks);
    for (size_t i = 0; networks && i < list->count; i++)
        lb_cidr_parse(list->items[i], &networks[i]); /* the configuration has checked them */
    return networks;
}

static void storage_failed(void *context)
{
    struct lb_parts *parts = context;
    lb_log(LB_LOG_ERROR, "store",
           "commit failed: the process exits, and the next start reads what is on disk");
    atomic_store(&parts->failed, true);
    if (parts->on_failure)
        parts->on_failure();
}

lb_err lb_daemon_open_store(const struct lb_config *config, const struct lb_folder *folder,
                            bool as_it_is, bool (*keep_going)(void), struct lb_store **out,
                            struct lb_reason *reason)
{
    if (lb_config_is_postgres(config->database)) {
        if (access(folder->database, F_OK) == 0)
            lb_log(LB_LOG_WARN, "start",
                   "%s is not used: the server stores in PostgreSQL. `leadblock copy` moves its "
                   "data there",
                   folder->database);
        struct lb_postgres_settings settings = {.conninfo = config->database,
                                                .timeout_ms = config->database_timeout_s * 1000,
                                                .as_it_is = as_it_is,
                                                .keep_going = keep_going};
        return lb_postgres_open(&settings, out, reason);
    }
    struct lb_sqlite_settings settings = {.path = folder->database,
                                          .checkpoint_pages = config->checkpoint_pages,
                                          .accept_loss = config->accept_loss,
                                          .as_it_is = as_it_is,
                                          .keep_going = keep_going};
    lb_err err = lb_folder_check_data(folder, reason);
    if (!err)
        err = lb_sqlite_open(&settings, out, reason);
    if (!err)
        lb_folder_mark_data(folder);
    return err;
}

/* A command needs all that it works on. */
static bool may_start_partly(const struct lb_parts *parts)
{
    return lb_nodes_memory_may_lag(parts->app.store) && !parts->local;
}

static lb_err open_store(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_app *app = &parts->app;
    bool shared = lb_config_is_postgres(parts->config.database);
    if (!shared && lb_folder_is_of_node(&parts->folder))
        return lb_fail(
            reason, LB_ERR_INTERNAL,
            "the server of %s stores in PostgreSQL: name its database with --database or "
            "LEADBLOCK_DATABASE, or start the server",
            parts->config.data);
    lb_err err = shared ? LB_OK : lb_folder_check_data(&parts->folder, reason);
    if (!err && !shared && parts->use != LB_DATABASE_WRITE &&
        (access(parts->folder.database, F_OK) != 0 ||
         lb_database_folder_is_blank(parts->config.data)))
        err = lb_database_absent(parts->config.data, reason);
    if (!err)
        err = lb_daemon_open_store(&parts->config, &parts->folder, parts->use == LB_DATABASE_LOOK,
                                   parts->keep_going, &app->store, reason);
    if (!err)
        err = lb_copy_check_finished(app->store, reason);
    if (err)
        return err;
    if (shared && !parts->local)
        lb_folder_mark_node(&parts->folder);
    app->directory = lb_directory_create();
    if (!app->directory)
        return out_of_memory(reason);
    err = lb_nodes_load_access(app->directory, app->store);
    if (err == LB_ERR_STORAGE_UNAVAILABLE && may_start_partly(parts)) {
        err = lb_nodes_load_installation(app->directory, app->store);
        parts->partly = !err;
    }
    return err ? lb_fail(reason, err, "cannot read workspaces and keys from the database") : LB_OK;
}

/* The blocklists, and the campaigns that obey them. */
static lb_err make_blocklist(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_blocklist_settings settings = {
        .directory = parts->app.directory,
        .store = parts->app.store,
        .max_workspace_entries = parts->config.max_workspace_entries,
        .max_daily_rows = parts->config.max_workspace_daily_rows,
        .max_daily_bytes = parts->config.max_workspace_daily_bytes};
    parts->app.blocklist = lb_blocklist_create(&settings);
    if (!parts->app.blocklist)
        return out_of_memory(reason);
    struct lb_outreach_settings outreach = {.directory = parts->app.directory,
                                            .store = parts->app.store,
                                            .blocklist = parts->app.blocklist,
                                            .max_campaign_leads = parts->config.max_campaign_leads,
                                            .max_workspace_leads =
                                                parts->config.max_workspace_leads,
                                            .retry_backoff_s = parts->config.retry_backoff_s,
                                            .max_attempts = parts->config.max_attempts};
    struct lb_events_settings events = {.store = parts->app.store,
                                        .directory = parts->app.directory,
                                        .blocklist = parts->app.blocklist,
                                        .retention_ms =
                                            (int64_t)parts->config.events_retention_s * 1000};
    parts->app.events = lb_events_create(&events);
    parts->app.event_waits = parts->app.events ? lb_event_waits_create(parts->app.events) : NULL;
    if (!parts->app.event_waits)
        return out_of_memory(reason);
    int64_t keep_ms = (int64_t)parts->config.log_retention_days * 24 * 60 * 60 * 1000;
    if (keep_ms)
        parts->retention = lb_retention_create(parts->app.blocklist, parts->app.directory,
                                               parts->app.store, keep_ms);
    if (keep_ms && !parts->retention)
        return out_of_memory(reason);
    outreach.events = parts->app.events;
    parts->app.outreach = lb_outreach_create(&outreach);
    return parts->app.outreach ? LB_OK : out_of_memory(reason);
}

/* Without blocklists there is nothing to do around a batch, but for the locks. */
static lb_err lock_alone(void *context, struct lb_write *first)
{
    struct lb_parts *parts = context;
    struct lb_store *store = parts->app.store;
    lb_err err = lb_nodes_lock(&parts->locked, store, first);
    for (size_t i = 0; !err && i < parts->locked.count; i++)
        err =
            lb_nodes_refresh_access(parts->app.directory, store, &parts->locked.versions[i], NULL);
    return err;
}

static lb_err no_prepare(void *context)
{
    return LB_OK;
}

static void no_publish(void *context)
{
}

static bool no_upkeep(void *context)
{
    return false;
}

static void forget_made(void *context)
{
    struct lb_parts *parts = context;
    lb_directory_forget_made(parts->app.directory);
}

static lb_err make_freshness(struct lb_app *app)
{
    struct lb_freshness_settings settings = {.directory = app->directory,
                                             .blocklist = app->blocklist,
                                             .store = app->store,
                                             .writer = app->writer};
    return lb_freshness_create(&settings, &app->freshness);
}

static lb_err make_workers(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_app *app = &parts->app;
    const struct lb_writer_hooks none = {parts,      lock_alone, no_prepare,
                                         no_publish, no_upkeep,  forget_made};
    struct lb_writer_settings writer = {.store = app->store,
                                        .hooks = app->blocklist ? lb_blocklist_hooks(app->blocklist)
                                                                : none,
                                        .queue_writes = parts->config.queue_size,
                                        .queue_bytes = QUEUE_BYTES,
                                        .share_percent = parts->config.workspace_share_percent,
                                        .failed = storage_failed,
                                        .failed_context = parts};
    struct lb_readers_settings readers = {.store = app->store,
                                          .name = "lb-reader",
                                          .threads = parts->config.readers,
                                          .queue_reads = READS_MAX,
                                          .share_percent = parts->config.workspace_share_percent};
    struct lb_readers_settings importers = {.store = app->store,
                                            .name = "lb-importer",
                                            .threads = IMPORTERS,
                                            .queue_reads = IMPORTS_MAX,
                                            .share_percent = 100};
    app->spools = (struct lb_spools){.folder = parts->config.data,
                                     .max_bytes = parts->config.max_import_spool};
    app->writer = lb_writer_create(&writer);
    app->failures = lb_throttle_create();
    app->attempts = lb_attempts_create();
    app->session_uses = lb_session_uses_create();
    app->counts = lb_request_counts_create(lb_route_count);
    app->router = lb_router_create(lb_routes, lb_route_count);
    app->metrics_allow = parse_networks(&parts->config.metrics_allow);
    app->metrics_allow_count = parts->config.metrics_allow.count;
    if (!app->writer || !app->failures || !app->attempts || !app->session_uses || !app->counts ||
        !app->router || !app->metrics_allow)
        return out_of_memory(reason);
    lb_err err = lb_readers_create(&readers, &app->readers);
    if (!err)
        err = lb_old_emails_load(app->store, &app->old_emails);
    if (!err && app->blocklist)
        err = lb_readers_create(&importers, &app->importers);
    if (!err && app->blocklist && lb_nodes_memory_may_lag(app->store))
        err = make_freshness(app);
    return err ? lb_fail(reason, err, "cannot open the database for reading") : LB_OK;
}

static lb_err make_hooks(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_app *app = &parts->app;
    parts->hooks_allow = parse_networks(&parts->config.hooks_allow);
    if (!parts->hooks_allow)
        return out_of_memory(reason);
    struct lb_hooks_settings settings = {
        .store = app->store,
        .directory = app->directory,
        .writer = app->writer,
        .events = app->events,
        .guard = {parts->hooks_allow, parts->config.hooks_allow.count},
        .backoff_s = parts->config.hooks_backoff_s,
        .give_up_s = parts->config.hooks_give_up_s,
        .context = app,
        .put_event = lb_hooks_put_event};
    lb_err err = lb_hooks_create(&settings, &app->hooks);
    return err ? lb_fail(reason, err, "cannot prepare the delivery of events") : LB_OK;
}

static unsigned address_share(const struct lb_config *config)
{
    uint64_t share = (uint64_t)config->max_connections * config->address_share_percent / 100;
    if (config->address_share_percent == 100) /* no share: the oldest strangers give place */
        return 0;
    return share ? (unsigned)share : 1;
}

static lb_err make_server(struct lb_parts *parts, struct lb_reason *reason)
{
    const struct lb_config *config = &parts->config;
    const char *socket = parts->local ? LB_FOLDER_COMMAND_SOCKET : LB_FOLDER_SERVER_SOCKET;
    lb_err err = lb_folder_listen(&parts->folder, socket, reason);
    if (err == LB_ERR_STORAGE_FULL && !parts->local) /* checks can be answered without it */
        lb_log(LB_LOG_WARN, "start",
               "%s; operators' commands do not work until a restart that can make it",
               reason->text);
    else if (err)
        return err;
    parts->trusted_proxies = parse_networks(&config->trusted_proxy);
    parts->trusted_proxy_count = config->trusted_proxy.count;
    if (!parts->trusted_proxies)
        return out_of_memory(reason);
    struct lb_server_settings settings = {.listen = parts->local ? "" : config->listen,
                                          .control_fd = parts->folder.control_fd,
                                          .threads = parts->local ? 1 : lb_config_threads(config),
                                          .max_connections = config->max_connections,
                                          .max_address_connections = address_share(config),
                                          .max_header_bytes = config->max_header_bytes,
                                          .max_body_bytes = config->max_body_bytes,
                                          .idle_timeout_ms = config->idle_timeout_s * 1000,
                                          .header_timeout_ms = config->header_timeout_s * 1000,
                                          .body_timeout_ms = config->body_timeout_s * 1000,
                                          .send_timeout_ms = config->send_timeout_s * 1000,
                                          .trusted_proxies = parts->trusted_proxies,
                                          .trusted_proxy_count = parts->trusted_proxy_count,
                                          .https = strncmp(config->public_url, "https://", 8) == 0};
    struct lb_http_app app = lb_api_app(&parts->app);
    err = lb_server_create(&settings, &app, &parts->app.server, reason);
    if (!err)
        err = lb_address_set(parts, reason);
    return err ? err : lb_server_start(parts->app.server, reason);
}

lb_err lb_parts_intact(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_store *store = parts->app.store;
    lb_err err = store ? store->ops->intact(store, reason) : LB_OK;
    return err || parts->folder.lock_fd < 0 ? err : lb_folder_intact(&parts->folder, reason);
}

lb_err lb_parts_start(struct lb_parts *parts, struct lb_reason *reason)
{
    parts->app.config = &parts->config;
    if (!lb_factor_rule_parse(lb_str(parts->config.require_second_factor), &parts->app.factor_rule))
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                       "--require-second-factor: '%.100s' is not none, operators or everybody",
                       parts->config.require_second_factor);
    lb_err err = lb_folder_open(parts->config.data, &parts->folder, reason);
    if (!err)
        err = open_store(parts, reason);
    if (!err && (!parts->local || parts->with_lists))
        err = make_blocklist(parts, reason);
    if (!err)
        err = make_workers(parts, reason);
    if (!err && !parts->local)
        err = make_hooks(parts, reason);
    return err ? err : make_server(parts, reason);
}

static bool report_load(void *context, uint64_t done, uint64_t all)
{
    struct lb_parts *parts = context;
    atomic_store(&parts->app.load_done, done);
    atomic_store(&parts->app.load_all, all);
    lb_log(LB_LOG_INFO, "start", "reading the blocklists: %llu of %llu %s",
           (unsigned long long)done, (unsigned long long)all,
           parts->partly ? "workspaces" : "entries");
    return !parts->keep_going || parts->keep_going();
}

/* What was recorded while the clock was ahead. */
static void look_at_recorded_times(struct lb_parts *parts)
{
    int64_t newest = 0;
    struct lb_row_time row;
    char text[LB_TIME_TEXT_SIZE];
    struct lb_workspace *workspace = lb_directory_installation(parts->app.directory);
    if (workspace && lb_row_times_find(workspace->row_times, UINT64_MAX, &row))
        newest = row.at;
    for (workspace = lb_directory_workspaces(parts->app.directory); workspace;
         workspace = lb_rcu_load(&workspace->next))
        if (lb_row_times_find(workspace->row_times, UINT64_MAX, &row) && row.at > newest)
            newest = row.at;
    if (newest <= lb_clock_wall_ms() + LB_CLOCK_SLACK_MS)
        return;
    lb_time_format(newest, text);
    lb_log(LB_LOG_WARN, "clock",
           "the newest block was recorded at %s, which is in the future: the clock was ahead then, "
           "or was set back since",
           text);
}

/* Their numbers are in the table `workspace`. */
static void tell_unread(const struct lb_id_set *unread)
{
    struct lb_buf numbers = {0};
    for (size_t i = 0; i < unread->count && i < NUMBERS_TOLD; i++)
        lb_buf_printf(&numbers, i ? ", %u" : "%u", unread->ids[i]);
    lb_log(LB_LOG_WARN, "start",
           "a part of the database is away: %zu workspaces cannot be read (workspace_id %.*s%s) and"
           " are answered 503 until they can; the others are served, but their leads that are set"
           " aside are put back only then, or by other nodes",
           unread->count, (int)numbers.len, numbers.failed ? "" : numbers.ptr,
           unread->count > NUMBERS_TOLD ? ", ..." : "");
    lb_buf_fini(&numbers);
}

/* What can be read; a node reads the rest when it comes back. */
static lb_err read_blocklists(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_app *app = &parts->app;
    lb_err err = LB_OK;
    reason->text[0] = '\0';
    if (!parts->partly)
        err = lb_blocklist_load(app->blocklist, parts, report_load, reason);
    if (err == LB_ERR_STORAGE_UNAVAILABLE && !reason->text[0] && may_start_partly(parts) &&
        (!parts->keep_going || parts->keep_going()))
        parts->partly = lb_nodes_part_is_away(app->store);
    if (parts->partly)
        err = lb_blocklist_load_each(app->blocklist, parts, report_load, &parts->unread);
    return err;
}

static lb_err load_blocklists(struct lb_parts *parts, struct lb_reason *reason)
{
    lb_err err = read_blocklists(parts, reason);
    if (err && reason->text[0])
        return err;
    if (err)
        return lb_fail(reason, err,
                       "the blocklists could not be read from the database; the log above may say "
                       "why");
    if (!parts->unread.numbers.count)
        return LB_OK;
    tell_unread(&parts->unread.numbers);
    return lb_freshness_expect(parts->app.freshness, &parts->unread)
               ? LB_OK
               : lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
}

lb_err lb_parts_load(struct lb_parts *parts, struct lb_reason *reason)
{
    struct lb_app *app = &parts->app;
    uint64_t begun = lb_clock_mono_ns();
    if (app->blocklist) {
        lb_err err = load_blocklists(parts, reason);
        if (err)
            return err;
    }
    if (app->outreach) {
        lb_err err = lb_outreach_load(app->outreach, app->writer, parts->partly);
        if (err)
            return lb_fail(reason, err, "cannot read campaigns from the database");
    }
    lb_rcu_barrier(); /* what growth replaced is free, and goes back to the system */
    malloc_trim(0);
    atomic_store(&app->start_us, (lb_clock_mono_ns() - begun) / 1000);
    if (app->blocklist && !lb_blocklist_begin_ending(app->blocklist, app->writer))
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    int64_t backup_ms = 0;
    lb_backup_read_mark(parts->config.data, &backup_ms);
    atomic_store(&app->last_backup_ms, backup_ms);
    if (!lb_writer_start(app->writer) || (app->freshness && !lb_freshness_start(app->freshness)) ||
        (app->hooks && !lb_hooks_start(app->hooks)))
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot start a thread");
    atomic_store(&app->loaded, true);
    look_at_recorded_times(parts);
    return LB_OK;
}

void lb_parts_watch(struct lb_parts *parts)
{
    struct lb_reason reason;
    if (atomic_load(&parts->failed) || lb_parts_intact(parts, &reason) == LB_OK)
        return;
    lb_writer_fail(parts->app.writer); /* first: no more is acknowledged, /readyz says so */
    lb_log(LB_LOG_ERROR, "store", "%s: the process exits", reason.text);
    atomic_store(&parts->failed, true);
    if (parts->on_failure)
        parts->on_failure();
}

void lb_parts_watch_clock(struct lb_parts *parts)
{
    int64_t back_ms = lb_clock_watch_look(&parts->clock);
    if (!back_ms)
        return;
    lb_log(LB_LOG_WARN, "clock",
           "the clock was set back by %lld.%03lld s; if that does not happen again for %d minutes, "
           "leads no longer wait for what it said before",
           (long long)back_ms / 1000, (long long)back_ms % 1000, (int)(LB_CLOCK_STEADY_MS / 60000));
    if (parts->app.outreach)
        lb_outreach_clock_set_back(parts->app.outreach);
}

void lb_parts_stop(struct lb_parts *parts)
{
    struct lb_app *app = &parts->app;
    atomic_store(&app->stopping, true);
    lb_event_waits_stop(app->event_waits);
    lb_rcu_offline();
    bool drained =
        !app->server || lb_server_drain(app->server, parts->config.drain_timeout_s * 1000);
    if (!drained)
        lb_log(LB_LOG_WARN, "stop", "drain timeout: closing requests that have not finished");
    lb_rcu_online();
    lb_parts_note(parts);
    lb_rcu_offline();
    lb_hooks_stop(app->hooks);
    lb_freshness_stop(app->freshness);
    atomic_store(&app->hurrying, true);
    lb_readers_stop(app->importers); /* which wait for the writer */
    lb_writer_stop(app->writer);
    lb_readers_stop(app->readers);
    lb_hooks_destroy(app->hooks);
    if (app->server)
        lb_server_stop(app->server);
    lb_rcu_online();
    if (app->server)
        lb_server_destroy(app->server);
    lb_readers_destroy(app->readers);
    lb_readers_destroy(app->importers);
    lb_freshness_destroy(app->freshness);
    lb_writer_destroy(app->writer);
    lb_locked_fini(&parts->locked);
    lb_outreach_destroy(app->outreach);
    lb_event_waits_destroy(app->event_waits);
    lb_events_destroy(app->events);
    lb_retention_destroy(parts->retention);
    lb_blocklist_destroy(app->blocklist);
    lb_directory_destroy(app->directory);
    if (app->store)
        app->store->ops->close(app->store);
    lb_throttle_destroy(app->failures);
    lb_attempts_destroy(app->attempts);
    lb_session_uses_destroy(app->session_uses);
    lb_old_emails_destroy(app->old_emails);
    lb_request_counts_destroy(app->counts);
    lb_router_destroy(app->router);
    free(app->metrics_allow);
    free(parts->hooks_allow);
    free(parts->trusted_proxies);
    lb_id_set_fini(&parts->unread.numbers);
    lb_folder_close(&parts->folder);
}

static void arrived(struct lb_task *task)
{
}

lb_err lb_parts_write(struct lb_parts *parts, struct lb_write *write)
{
    struct lb_task task = {.run = arrived};
    struct lb_mailbox *mailbox = lb_mailbox_create();
    if (!mailbox)
        return LB_ERR_INTERNAL;
    write->completion = &task;
    write->home = mailbox;
    lb_err err = lb_writer_submit(parts->app.writer, write);
    lb_rcu_offline();
    while (!err && lb_mailbox_drain(mailbox) == 0)
        lb_mailbox_wait(mailbox, -1);
    lb_rcu_online();
    lb_mailbox_destroy(mailbox);
    return err ? err : write->result;
}

/* Was `*peak` a storm, of which a quarter at most is left? */
static bool has_passed(uint64_t *peak, uint64_t most, uint64_t now)
{
    if (most > *peak)
        *peak = most;
    if (*peak < STORM_BYTES || now > *peak / 4)
        return false;
    *peak = now;
    return true;
}

void lb_parts_trim_memory(struct lb_parts *parts)
{
    struct lb_app *app = &parts->app;
    bool requests = has_passed(&parts->request_memory_peak, lb_memory_peak(&app->memory),
                               atomic_load(&app->memory.all.taken));
    bool connections = has_passed(&parts->connection_peak,
                                  lb_server_most_connections(app->server) * CONNECTION_BYTES,
                                  lb_server_connections(app->server) * CONNECTION_BYTES);
    if (requests || connections)
        malloc_trim(0);
}

void lb_parts_sweep_events(struct lb_parts *parts)
{
    struct lb_events_sweep sweep = {.events = parts->app.events};
    if (!sweep.events || !lb_writer_ready(parts->app.writer) || !lb_events_sweep_due(sweep.events))
        return;
    lb_events_sweep(&sweep);
    lb_parts_write(parts, &sweep.write); /* else the next one will do it */
}

void lb_parts_end_histories(struct lb_parts *parts)
{
    uint64_t begun_ms = lb_clock_mono_ms();
    struct lb_write *write;
    struct lb_retention *retention = parts->retention;
    if (!retention || !lb_writer_ready(parts->app.writer))
        return;
    while (lb_clock_mono_ms() - begun_ms < RETENTION_MS && lb_retention_due(retention, &write))
        lb_parts_write(parts, write); /* else it is tried again */
}

void lb_parts_note(struct lb_parts *parts)
{
    struct lb_admin_change change = {.directory = parts->app.directory};
    if (!parts->app.writer || !lb_writer_running(parts->app.writer))
        return;
    lb_admin_note(&change);
    if (lb_parts_write(parts, &change.write))
        lb_log(LB_LOG_WARN, "store", "saving failed: last use of keys, counts of checks");
    struct lb_session_note note;
    if (parts->app.session_uses && lb_session_uses_take(parts->app.session_uses, &note) &&
        lb_parts_write(parts, &note.write))
        lb_log(LB_LOG_WARN, "store", "saving failed: last use of sessions");
}
