#include "base/clock.h"
#include "cli/activity.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/outcome.h"
#include "cli/runner.h"
#include "json/encode.h"

#include <errno.h>
#include <stdio.h>

#define LEASE_DEFAULT_S 300
#define LEASE_MAX_S     86400
#define LEASE_MARGIN_S  15 /* to end a program that is too slow, and to report it */
#define POLL_DEFAULT_S  5

/* How many signals it takes until a request is not repeated any more; one more, and its answer is
 * not waited for. A result that gets lost lets a person be contacted twice: it is worth more
 * patience.
 */
#define CLAIM_PATIENCE  1
#define REPORT_PATIENCE 2

struct sending {
    const struct lb_cli *cli;
    struct lb_client *client;
    struct lb_runner *runner;
    struct lb_sent tally;
    struct lb_buf campaign_path; /* "/v1/campaigns/ID" and a NUL */
    uint64_t parallel, lease_s, timeout_s, poll_s;
    uint64_t left;             /* activities that may still be claimed */
    uint64_t ask_at_ms;        /* not before that; monotonic */
    bool dry;                  /* the last claim came back empty */
    bool waiting_said;         /* that it waits */
    bool stopped;              /* by a signal */
    bool failed;               /* nothing more is claimed, and the exit code says so */
    bool unreachable;          /* the last request got no answer at all */
    bool hurried;              /* nor did the last report: the others are not repeated */
    unsigned patience;         /* of the request under way */
    struct lb_answer campaign; /* the campaign as it was last seen */
    bool campaign_known;
};

static const char *campaign_of(const struct sending *sending)
{
    return sending->cli->arguments[0];
}

/* Looks after the programs for a while. */
static void watch(struct sending *sending, int wait_ms)
{
    lb_runner_step(sending->runner, wait_ms);
    unsigned stops = lb_runner_stops(sending->runner);
    if (stops && !sending->stopped) {
        sending->stopped = true;
        if (lb_runner_busy(sending->runner))
            lb_cli_hint("leadblock: waiting for what runs to end; once more, and it is ended");
    }
    if (stops > 1)
        lb_runner_terminate(sending->runner);
}

static bool may_pause(const struct sending *sending)
{
    return !sending->hurried && lb_runner_stops(sending->runner) < sending->patience;
}

/* While the client waits, programs run, end and take too long all the same. */
static bool meanwhile(void *context, int pause_ms)
{
    struct sending *sending = context;
    if (pause_ms && !may_pause(sending))
        return false;
    watch(sending, pause_ms);
    return pause_ms ? may_pause(sending) : lb_runner_stops(sending->runner) <= sending->patience;
}

static bool call(struct sending *sending, const struct lb_client_request *request,
                 unsigned patience, long status, struct lb_answer *out)
{
    sending->patience = patience;
    bool answered = lb_client_call_or(sending->client, request, status, out);
    sending->unreachable = !out->status;
    return answered;
}

static bool put_path(struct lb_buf *path, const char *before, struct lb_str segment,
                     const char *after)
{
    lb_buf_append_str(path, lb_str(before));
    lb_url_append(path, segment);
    lb_buf_append(path, after, strlen(after) + 1);
    return !path->failed;
}

/* What the server said to a result. */
static bool take_reply(struct sending *sending, struct lb_outcome *outcome,
                       const struct lb_answer *answer, bool answered)
{
    if (answered && answer->status != 409) {
        lb_json_bool(lb_json_member(answer->json, "blocked"), &outcome->blocked);
        outcome->lead_status = lb_answer_text(answer->json, "status");
        return true;
    }
    outcome->refusal = lb_answer_text(answer->json, "code");
    outcome->result = LB_OUTCOME_UNREPORTED;
    if (answered && lb_str_equal(outcome->refusal, LB_STR("lease_lost"))) {
        outcome->result = LB_OUTCOME_LEASE_LOST;
        return true;
    }
    if (answered)
        lb_client_explain(sending->client, answer);
    /* A lead that was deleted meanwhile is no reason to stop. */
    return answer->status == 404;
}

static bool put_report(struct lb_buf *body, const struct lb_json *activity,
                       const struct lb_outcome *outcome)
{
    lb_buf_append_lit(body, "{\"leaseToken\":");
    lb_json_put(body, lb_json_member(activity, "leaseToken"));
    lb_buf_printf(body, ",\"result\":\"%s\"", lb_outcome_text(outcome->result));
    if (*outcome->detail) {
        lb_buf_append_lit(body, ",\"detail\":");
        lb_json_put_string(body, lb_str(outcome->detail));
    }
    lb_buf_append_lit(body, "}");
    return !body->failed;
}

/* Reports the outcome of an activity, prints it, and frees the activity. */
static void conclude(struct sending *sending, struct lb_json *activity, struct lb_outcome *outcome)
{
    struct lb_buf path = {0};
    struct lb_buf body = {0};
    struct lb_answer answer = {0};
    bool answered = false;
    if (!put_report(&body, activity, outcome) ||
        !put_path(&path, "/v1/activities/", lb_json_string(lb_json_member(activity, "id")),
                  "/complete")) {
        lb_cli_error("out of memory");
    } else {
        struct lb_client_request request = {
            .method = "POST", .path = path.ptr, .body = lb_buf_str(&body)};
        answered = call(sending, &request, REPORT_PATIENCE, 409, &answer);
        sending->hurried = sending->unreachable;
    }
    if (!take_reply(sending, outcome, &answer, answered)) {
        struct lb_str id = lb_answer_text(activity, "id");
        lb_cli_error("could not report '%s' for %.*s; when its lease ends, it is handed out again",
                     lb_outcome_text(outcome->program_result), (int)id.len, id.ptr);
        sending->failed = true;
    }
    if (!lb_sent_add(&sending->tally, activity, outcome) && !sending->failed) {
        lb_cli_error("standard output was closed; nothing more is claimed");
        sending->failed = true;
    }
    lb_answer_fini(&answer);
    lb_buf_fini(&path);
    lb_buf_fini(&body);
    lb_json_free(activity);
    sending->campaign_known = false;
    sending->ask_at_ms = 0; /* the lead's next step may be due */
}

static void conclude_ended(struct sending *sending)
{
    struct lb_run run;
    struct lb_outcome outcome;
    while (lb_runner_take(sending->runner, &run)) {
        lb_outcome_judge(&outcome, &run, sending->timeout_s);
        if (outcome.unrunnable && !sending->failed) {
            lb_cli_error("the program cannot be run (exit code %d of sh): %s\n"
                         "This is no failure of a lead, so nothing is reported as failed, and no "
                         "more is claimed.",
                         run.number, sending->cli->values[LB_OPT_EXEC]);
            sending->failed = true;
        }
        conclude(sending, run.context, &outcome);
    }
}

static int start_program(struct sending *sending, struct lb_json *activity, struct lb_str line,
                         bool *out_too_long)
{
    char **environment = NULL;
    int error = lb_activity_environment(activity, campaign_of(sending), &environment);
    *out_too_long = error == E2BIG;
    if (!error)
        error = lb_runner_start(sending->runner, line, environment, activity);
    lb_activity_environment_free(environment);
    return error;
}

static void start_activity(struct sending *sending, const struct lb_json *item)
{
    struct lb_outcome outcome;
    struct lb_buf line = {0};
    const char *why = NULL;
    bool too_long = false;
    struct lb_json *activity = lb_activity_take(item, &line, &why);
    if (!activity) {
        lb_cli_error("%s", why);
        sending->failed = true;
    } else if (sending->stopped) {
        lb_outcome_set(&outcome, LB_OUTCOME_RETRY, "interrupted before it began");
        conclude(sending, activity, &outcome);
    } else {
        int error = start_program(sending, activity, lb_buf_str(&line), &too_long);
        if (too_long) {
            lb_outcome_set(&outcome, LB_OUTCOME_FAILED, "the message is too long for a program");
            conclude(sending, activity, &outcome);
        } else if (error) {
            lb_cli_error("cannot run the program: %s", strerror(error));
            sending->failed = true;
            lb_outcome_set(&outcome, LB_OUTCOME_RETRY, "cannot run the program: %s",
                           strerror(error));
            conclude(sending, activity, &outcome);
        }
    }
    lb_buf_fini(&line);
}

/* Claims what can run at once right now and nothing in advance: what waited here would not hear of
 * a block, while the very next claim honours one that was acknowledged a moment ago. */
static void claim(struct sending *sending)
{
    struct lb_answer answer = {0};
    struct lb_buf path = {0};
    char body[64];
    size_t most = lb_runner_free(sending->runner);
    if (most > sending->left)
        most = sending->left;
    snprintf(body, sizeof body, "{\"max\":%zu,\"leaseSeconds\":%llu}", most,
             (unsigned long long)sending->lease_s);
    if (!put_path(&path, "/v1/campaigns/", lb_str(campaign_of(sending)), "/activities/claim"))
        lb_cli_error("out of memory");
    struct lb_client_request request = {.method = "POST", .path = path.ptr, .body = lb_str(body)};
    bool claimed = !path.failed && call(sending, &request, CLAIM_PATIENCE, 0, &answer);
    if (claimed && lb_json_type(answer.json) != LB_JSON_ARRAY) {
        lb_cli_error("the server's answer is not a list");
        claimed = false;
    }
    /* A claim that was interrupted is what was asked for. */
    if (!claimed && !sending->stopped)
        sending->failed = true;
    size_t count = lb_json_length(answer.json);
    for (size_t i = 0; claimed && i < count && i < most; i++) {
        start_activity(sending, lb_json_item(answer.json, i));
        sending->left--;
    }
    sending->dry = claimed && !count;
    if (sending->dry)
        sending->ask_at_ms = lb_clock_mono_ms() + sending->poll_s * 1000;
    lb_answer_fini(&answer);
    lb_buf_fini(&path);
}

static bool ask_campaign(struct sending *sending)
{
    struct lb_client_request request = {.method = "GET", .path = sending->campaign_path.ptr};
    lb_answer_fini(&sending->campaign);
    sending->campaign_known = call(sending, &request, REPORT_PATIENCE, 0, &sending->campaign);
    if (!sending->campaign_known && !sending->stopped)
        sending->failed = true;
    return sending->campaign_known;
}

static void explain_idle(struct sending *sending, struct lb_str status)
{
    lb_cli_error("campaign '%s' is %.*s, so nothing is handed out. To activate it:\n"
                 "  curl -X PUT %s%s/activate -H \"x-api-key: $LEADBLOCK_KEY\"",
                 campaign_of(sending), (int)status.len, status.ptr,
                 lb_client_address(sending->client), sending->campaign_path.ptr);
    /* The campaign was paused, and what was to be done until then is done. */
    if (!sending->tally.activities)
        sending->failed = true;
}

/* Nothing is due, and nothing runs: whether that may change. */
static bool goes_on(struct sending *sending)
{
    sending->dry = false;
    if (!ask_campaign(sending))
        return false;
    struct lb_str status = lb_answer_text(sending->campaign.json, "status");
    if (lb_str_equal(status, LB_STR("completed")))
        return false;
    if (!lb_str_equal(status, LB_STR("active"))) {
        explain_idle(sending, status);
        return false;
    }
    if (lb_cli_given(sending->cli, LB_OPT_ONCE))
        return false;
    if (!sending->waiting_said)
        lb_cli_hint("leadblock: nothing is due now; asking every %llu s",
                    (unsigned long long)sending->poll_s);
    sending->waiting_said = true;
    return true;
}

static bool may_claim(const struct sending *sending)
{
    return !sending->stopped && !sending->failed && sending->left > 0;
}

static void send_all(struct sending *sending)
{
    for (;;) {
        conclude_ended(sending);
        bool room = may_claim(sending) && lb_runner_free(sending->runner) > 0;
        bool busy = lb_runner_busy(sending->runner) > 0;
        uint64_t now = lb_clock_mono_ms();
        if (room && now >= sending->ask_at_ms) {
            claim(sending);
        } else if (!busy && !may_claim(sending)) {
            return;
        } else if (!busy && sending->dry) {
            if (!goes_on(sending))
                return;
        } else {
            watch(sending, room ? (int)(sending->ask_at_ms - now) : -1);
        }
    }
}

static void sum_up(struct sending *sending)
{
    const struct lb_sent *tally = &sending->tally;
    bool impatient = lb_runner_stops(sending->runner) > REPORT_PATIENCE;
    if (!sending->campaign_known && !sending->unreachable && !impatient &&
        (tally->activities || !sending->failed))
        ask_campaign(sending);
    if (sending->campaign_known || tally->activities || tally->json)
        lb_sent_print(tally, sending->campaign_known ? sending->campaign.json : NULL);
}

static bool take_options(struct sending *sending)
{
    const struct lb_cli *cli = sending->cli;
    if (!lb_cli_number(cli, LB_OPT_PARALLEL, 1, LB_RUNNER_PROGRAMS_MAX, &sending->parallel) ||
        !lb_cli_number(cli, LB_OPT_LEASE, 1, LEASE_MAX_S, &sending->lease_s) ||
        !lb_cli_number(cli, LB_OPT_POLL, 1, LEASE_MAX_S, &sending->poll_s) ||
        !lb_cli_number(cli, LB_OPT_LIMIT, 1, UINT64_MAX, &sending->left))
        return false;
    sending->timeout_s = 1;
    if (sending->lease_s > LEASE_MARGIN_S)
        sending->timeout_s = sending->lease_s - LEASE_MARGIN_S;
    if (!lb_cli_number(cli, LB_OPT_TIMEOUT, 1, LEASE_MAX_S, &sending->timeout_s))
        return false;
    if (sending->timeout_s > sending->lease_s) {
        lb_cli_usage(cli,
                     "--timeout may not exceed --lease (%llu s): another sender would get the "
                     "activity while the program still runs",
                     (unsigned long long)sending->lease_s);
        return false;
    }
    if (!*cli->values[LB_OPT_EXEC])
        lb_cli_usage(cli, "--exec needs a program");
    return *cli->values[LB_OPT_EXEC] != '\0';
}

static bool set_up(struct sending *sending)
{
    const struct lb_cli *cli = sending->cli;
    sending->client = lb_client_open(cli);
    if (!sending->client)
        return false;
    sending->runner =
        lb_runner_create(cli->values[LB_OPT_EXEC], sending->parallel, sending->timeout_s * 1000);
    if (!sending->runner ||
        !put_path(&sending->campaign_path, "/v1/campaigns/", lb_str(campaign_of(sending)), "")) {
        lb_cli_error("cannot begin: %s", strerror(errno));
        return false;
    }
    lb_client_set_meanwhile(sending->client, meanwhile, sending);
    return true;
}

int lb_cmd_send(struct lb_cli *cli)
{
    struct sending sending = {.cli = cli,
                              .tally.json = lb_cli_given(cli, LB_OPT_JSON),
                              .parallel = 1,
                              .lease_s = LEASE_DEFAULT_S,
                              .poll_s = POLL_DEFAULT_S,
                              .left = UINT64_MAX};
    if (!take_options(&sending))
        return LB_EXIT_USAGE;
    if (set_up(&sending)) {
        send_all(&sending);
        sum_up(&sending);
    } else {
        sending.failed = true;
    }
    lb_client_close(sending.client);
    lb_runner_destroy(sending.runner);
    lb_sent_fini(&sending.tally);
    lb_answer_fini(&sending.campaign);
    lb_buf_fini(&sending.campaign_path);
    return sending.failed ? LB_EXIT_FAILED : LB_EXIT_DONE;
}
