#include "daemon/daemon.h"

#include "api/events/waits.h"
#include "base/clock.h"
#include "daemon/address.h"
#include "daemon/demo.h"
#include "daemon/notify.h"
#include "daemon/parts.h"
#include "daemon/set_up.h"
#include "store/postgres/postgres.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How often last uses of keys and counts of checks are written down. */
#define NOTE_EVERY_S 60
/* How often a link for the first operator that could not be made is tried again. */
#define OFFER_EVERY_S 2
/* How often the files of the store are looked at. */
#define WATCH_EVERY_S 1

struct lb_daemon {
    struct lb_parts parts;
};

/* The terminal's end stops it in order, too, unless nohup was asked to prevent that. */
static void fill_stop_signals(sigset_t *signals)
{
    struct sigaction hangup;
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset(signals, SIGHUP);
}

/* The failure of the storage wakes the main thread the way an operator would. */
static void wake_main(void)
{
    kill(getpid(), SIGTERM);
}

static bool not_told_to_stop(void)
{
    sigset_t pending;
    sigpending(&pending);
    return !sigismember(&pending, SIGTERM) && !sigismember(&pending, SIGINT) &&
           !sigismember(&pending, SIGHUP);
}

/* systemd would end a start that takes minutes. */
static bool go_on_starting(void)
{
    lb_notify("EXTEND_TIMEOUT_USEC=600000000");
    return not_told_to_stop();
}

/* Waits for a signal, `seconds` at most; returns 0 when the time is over. A process that is stopped
 * and continued, as by cpulimit, is woken each time: the time goes on. */
static int signal_within(const sigset_t *signals, unsigned seconds)
{
    const uint64_t second_ns = 1000000000u;
    uint64_t now = lb_clock_mono_ns();
    uint64_t end = now + seconds * second_ns;
    for (;; now = lb_clock_mono_ns()) {
        uint64_t left = end > now ? end - now : 0;
        const struct timespec wait = {(time_t)(left / second_ns), (long)(left % second_ns)};
        int signal = sigtimedwait(signals, NULL, &wait);
        if (signal > 0)
            return signal;
        if (errno != EINTR || !left)
            return 0;
    }
}

static void wait_for_signal(struct lb_parts *parts)
{
    sigset_t signals;
    fill_stop_signals(&signals);
    lb_parts_watch_clock(parts);
    for (unsigned seconds = WATCH_EVERY_S;; seconds += WATCH_EVERY_S) {
        lb_rcu_offline();
        int signal = signal_within(&signals, WATCH_EVERY_S);
        lb_rcu_online();
        if (signal)
            return;
        lb_parts_watch(parts);
        lb_parts_watch_clock(parts);
        lb_event_waits_tick(parts->app.event_waits);
        lb_parts_trim_memory(parts);
        lb_parts_sweep_events(parts);
        lb_parts_end_histories(parts);
        if (seconds % NOTE_EVERY_S == 0)
            lb_parts_note(parts);
        if (seconds % OFFER_EVERY_S == 0)
            lb_set_up_offer_again(parts);
    }
}

/* One line from which a reader of the log knows what runs here, and on what. */
static void log_ready(struct lb_parts *parts, const struct lb_build_info *build, uint64_t begun_ns)
{
    struct lb_log_line line;
    struct lb_blocklist_stats stats;
    char database[512] = "sqlite";
    char seconds[32];
    if (lb_config_is_postgres(parts->config.database))
        lb_postgres_describe(parts->config.database, database, sizeof database);
    lb_blocklist_stats(parts->app.blocklist, &stats);
    snprintf(seconds, sizeof seconds, "%.3f", (double)(lb_clock_mono_ns() - begun_ns) / 1e9);
    lb_log_begin(&line, LB_LOG_INFO, "ready");
    lb_log_add(&line, "version", lb_str(build->version));
    lb_log_add(&line, "commit", lb_str(build->commit));
    lb_log_add(&line, "data", lb_str(parts->config.data));
    lb_log_add(&line, "database", lb_str(database));
    lb_log_add_u64(&line, "entries", stats.index.entries);
    lb_log_add(&line, "seconds", lb_str(seconds));
    lb_log_end(&line);
}

static void warn_of_variable(void *context, const char *name, const char *meant)
{
    lb_log(LB_LOG_WARN, "settings",
           "%s is not a setting%s%s%s; `leadblock serve --help` lists them", name,
           meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
}

static lb_err serve(struct lb_parts *parts, const struct lb_build_info *build,
                    struct lb_reason *reason)
{
    uint64_t begun_ns = lb_clock_mono_ns();
    lb_err err = lb_parts_start(parts, reason);
    if (!err)
        err = lb_parts_load(parts, reason);
    if (err) {
        lb_parts_intact(parts, reason);          /* what was read was damaged? That says more. */
        return not_told_to_stop() ? err : LB_OK; /* stopped while it was starting */
    }
    if (parts->config.demo)
        err = lb_demo_make(parts, parts->url, reason);
    if (err)
        return err;
    lb_set_up_offer(parts);
    if (lb_address_links_lead_here_alone(&parts->config))
        lb_log(LB_LOG_WARN, "address",
               "listening on every address of this machine, but links for users begin with %s, "
               "which no other machine can open. " LB_ADDRESS_ADVICE,
               parts->app.public_url);
    log_ready(parts, build, begun_ns);
    lb_log_say("leadblock: ready on %s\n", parts->url);
    lb_notify("READY=1");
    wait_for_signal(parts);
    return LB_OK;
}

static bool prepare_process(void)
{
    sigset_t signals;
    fill_stop_signals(&signals);
    signal(SIGPIPE, SIG_IGN);
    /* Bodies and large answers are pages of their own, which go back to the system at once. Without
     * this, glibc would raise the size with the first one that is freed. */
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_MMAP_MAX, 1 << 16);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
    return sodium_init() >= 0 && pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0;
}

int lb_daemon_run(const struct lb_config *config, const struct lb_build_info *build)
{
    struct lb_parts *parts = calloc(1, sizeof *parts);
    if (!parts || !prepare_process()) {
        fprintf(stderr, "leadblock: cannot start: out of memory or entropy\n");
        free(parts);
        return 1;
    }
    parts->config = *config;
    parts->app.version = build->version;
    parts->app.commit = build->commit;
    parts->on_failure = wake_main;
    parts->keep_going = go_on_starting;
    parts->folder = (struct lb_folder){.fd = -1, .lock_fd = -1, .control_fd = -1};
    lb_log_set_level(config->log_level);
    lb_log_start();
    lb_rcu_thread_register();
    lb_config_unknown(environ, NULL, warn_of_variable);
    struct lb_reason reason = {0};
    lb_err err = serve(parts, build, &reason);
    lb_notify("STOPPING=1");
    lb_parts_stop(parts);
    lb_rcu_thread_unregister();
    if (err)
        lb_log_say("leadblock: %s\n", reason.text);
    lb_log_stop();
    bool failed = err || atomic_load(&parts->failed);
    free(parts);
    if (err == LB_ERR_INVALID_PARAMETER)
        return 2;
    return failed ? 1 : 0;
}

lb_err lb_daemon_start_local(const char *data_dir, const char *database, enum lb_database_use use,
                             struct lb_daemon **out, struct lb_reason *reason)
{
    if (use != LB_DATABASE_WRITE && !lb_config_is_postgres(database) &&
        !lb_folder_was_used(data_dir))
        return lb_database_absent(data_dir, reason);
    struct lb_daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon || sodium_init() < 0 || !lb_config_init(&daemon->parts.config)) {
        free(daemon);
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    }
    signal(SIGPIPE, SIG_IGN);
    lb_log_set_level(LB_LOG_WARN);
    lb_err err = lb_config_environment(&daemon->parts.config, getenv, reason);
    if (!err)
        err = lb_config_set(&daemon->parts.config, &lb_settings[LB_SETTING_database], database,
                            reason);
    if (err) {
        lb_config_fini(&daemon->parts.config);
        free(daemon);
        return err;
    }
    daemon->parts.config.data = data_dir;
    daemon->parts.local = true;
    daemon->parts.use = use;
    daemon->parts.folder = (struct lb_folder){.fd = -1, .lock_fd = -1, .control_fd = -1};
    lb_rcu_thread_register();
    err = lb_parts_start(&daemon->parts, reason);
    if (!err)
        err = lb_parts_load(&daemon->parts, reason);
    if (err) {
        lb_daemon_stop_local(daemon);
        return err;
    }
    lb_rcu_offline();
    *out = daemon;
    return LB_OK;
}

void lb_daemon_stop_local(struct lb_daemon *daemon)
{
    if (!daemon)
        return;
    lb_rcu_online();
    lb_parts_stop(&daemon->parts);
    lb_rcu_thread_unregister();
    lb_config_fini(&daemon->parts.config);
    free(daemon);
}
