#include "cli/outcome.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/client.h"
#include "json/encode.h"

#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What the exit codes of a program mean; sh has two of its own for what it cannot run. */
enum {
    EXIT_DONE = 0,
    EXIT_REPLIED = 10,
    EXIT_RETRY = 75, /* EX_TEMPFAIL of sysexits.h */
    EXIT_NOT_EXECUTABLE = 126,
    EXIT_NOT_FOUND = 127
};

const char *lb_outcome_text(enum lb_outcome_result result)
{
    static const char *const texts[LB_OUTCOME_COUNT] = {"done",  "replied",    "failed",
                                                        "retry", "lease lost", "not reported"};
    return texts[result];
}

static bool is_blank(unsigned char byte)
{
    return byte <= ' ' || byte == 0x7f;
}

/* The first line without the white space around it. */
static struct lb_str first_line(struct lb_str text)
{
    const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    if (end)
        text.len = (size_t)(end - text.ptr);
    while (text.len && is_blank((unsigned char)text.ptr[text.len - 1]))
        text.len--;
    while (text.len && is_blank((unsigned char)*text.ptr)) {
        text.ptr++;
        text.len--;
    }
    return text;
}

/* Appends to `out`, which holds `*characters` in `*len` bytes: control characters become blanks,
 * what is not UTF-8 becomes U+FFFD, and what is too much is cut. */
static void put_clean(char out[LB_DETAIL_SIZE], size_t *len, size_t *characters, struct lb_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    const unsigned char *end = p + text.len;
    for (; p < end && *characters < LB_DETAIL_CHARACTERS_MAX; ++*characters) {
        size_t n = lb_utf8_length(p, end);
        bool control = lb_utf8_is_control(p, n);
        const void *bytes = control ? " " : n ? (const void *)p : "\xef\xbf\xbd";
        size_t size = control ? 1 : n ? n : 3;
        memcpy(out + *len, bytes, size);
        *len += size;
        p += n ? n : 1;
    }
    out[*len] = '\0';
}

static void set_detail(struct lb_outcome *outcome, const char *before, struct lb_str line)
{
    size_t len = 0;
    size_t characters = 0;
    put_clean(outcome->detail, &len, &characters, lb_str(before));
    if (*before && line.len)
        put_clean(outcome->detail, &len, &characters, LB_STR(": "));
    put_clean(outcome->detail, &len, &characters, line);
}

static enum lb_outcome_result result_of_exit(int code)
{
    switch (code) {
    case EXIT_DONE:
        return LB_OUTCOME_DONE;
    case EXIT_REPLIED:
        return LB_OUTCOME_REPLIED;
    case EXIT_RETRY:
    case EXIT_NOT_EXECUTABLE:
    case EXIT_NOT_FOUND:
        return LB_OUTCOME_RETRY;
    default:
        return LB_OUTCOME_FAILED;
    }
}

void lb_outcome_judge(struct lb_outcome *outcome, const struct lb_run *run, uint64_t timeout_s)
{
    char words[64] = "";
    struct lb_str line = first_line((struct lb_str){run->output, run->output_len});
    *outcome = (struct lb_outcome){.result = LB_OUTCOME_RETRY};
    if (run->end == LB_RUN_EXITED) {
        outcome->result = result_of_exit(run->number);
        outcome->unrunnable = run->number == EXIT_NOT_EXECUTABLE || run->number == EXIT_NOT_FOUND;
        /* Who reads the list of activities later sees at least this. */
        if (!line.len && run->number != EXIT_DONE && run->number != EXIT_REPLIED)
            snprintf(words, sizeof words, "exit code %d", run->number);
    } else if (run->end == LB_RUN_KILLED) {
        outcome->result = LB_OUTCOME_FAILED;
        snprintf(words, sizeof words, "killed by signal %d", run->number);
    } else if (run->end == LB_RUN_TIMED_OUT) {
        snprintf(words, sizeof words, "took longer than %llu s", (unsigned long long)timeout_s);
    } else {
        snprintf(words, sizeof words, "interrupted");
    }
    outcome->program_result = outcome->result;
    set_detail(outcome, words, line);
}

void lb_outcome_set(struct lb_outcome *outcome, enum lb_outcome_result result, const char *format,
                    ...)
{
    char words[256];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    *outcome = (struct lb_outcome){.result = result, .program_result = result};
    set_detail(outcome, words, LB_STR(""));
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Out of memory, a lead may be counted twice; nothing else depends on it. */
static void count_lead(struct lb_sent *tally, struct lb_str id)
{
    char *copy = strndup(id.ptr, id.len);
    char **found = copy ? tsearch(copy, &tally->leads, compare_ids) : NULL;
    bool known = found && *found != copy;
    tally->people += !known;
    if (known || !found)
        free(copy);
}

static void put_text_or_null(struct lb_buf *line, struct lb_str text)
{
    if (text.len)
        lb_json_put_string(line, text);
    else
        lb_buf_append_lit(line, "null");
}

static bool print_json(const struct lb_json *activity, const struct lb_outcome *outcome)
{
    static const char *const members[] = {"id", "type", "leadId", "publicIdentifier", "memberId"};
    struct lb_buf line = {0};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        lb_buf_printf(&line, "%s\"%s\":", i ? "," : "{", members[i]);
        lb_json_put(&line, lb_json_member(activity, members[i]));
    }
    lb_buf_printf(&line,
                  ",\"result\":\"%s\",\"detail\":", lb_outcome_text(outcome->program_result));
    lb_json_put_string(&line, lb_str(outcome->detail));
    lb_buf_printf(&line, ",\"reported\":%s,\"refusal\":",
                  outcome->result < LB_OUTCOME_LEASE_LOST ? "true" : "false");
    put_text_or_null(&line, outcome->refusal);
    lb_buf_append_lit(&line, ",\"leadStatus\":");
    put_text_or_null(&line, outcome->lead_status);
    lb_buf_printf(&line, ",\"blocked\":%s}\n", outcome->blocked ? "true" : "false");
    bool printed = !line.failed && fwrite(line.ptr, 1, line.len, stdout) == line.len;
    lb_buf_fini(&line);
    return printed;
}

static bool print_line(const struct lb_json *activity, const struct lb_outcome *outcome)
{
    struct lb_str who = lb_answer_text(activity, "publicIdentifier");
    struct lb_str type = lb_answer_text(activity, "type");
    if (!who.len)
        who = lb_answer_text(activity, "memberId");
    printf("%.*s\t%.*s\t%s", (int)who.len, who.ptr, (int)type.len, type.ptr,
           lb_outcome_text(outcome->result));
    if (*outcome->detail || outcome->blocked)
        printf("\t%s", outcome->detail);
    if (outcome->blocked)
        printf("\tblocked meanwhile");
    return putchar('\n') != EOF;
}

bool lb_sent_add(struct lb_sent *tally, const struct lb_json *activity,
                 const struct lb_outcome *outcome)
{
    tally->activities++;
    tally->results[outcome->result]++;
    tally->blocked += outcome->blocked;
    /* The lead was contacted, also when the server did not take the result. */
    if (outcome->program_result == LB_OUTCOME_DONE || outcome->program_result == LB_OUTCOME_REPLIED)
        count_lead(tally, lb_answer_text(activity, "leadId"));
    bool printed = tally->json ? print_json(activity, outcome) : print_line(activity, outcome);
    return fflush(stdout) == 0 && printed;
}

static uint64_t blocked_leads(const struct lb_json *campaign)
{
    return lb_answer_number(lb_json_member(lb_json_member(campaign, "analytics"), "leads"),
                            "blocked");
}

static void print_sum_json(const struct lb_sent *tally, const struct lb_json *campaign)
{
    static const char *const names[LB_OUTCOME_COUNT] = {"done",  "replied",   "failed",
                                                        "retry", "leaseLost", "unreported"};
    struct lb_buf line = {0};
    lb_buf_printf(&line, "{\"summary\":{\"peopleContacted\":%llu,\"activities\":%llu",
                  (unsigned long long)tally->people, (unsigned long long)tally->activities);
    for (size_t i = 0; i < LB_OUTCOME_COUNT; i++)
        lb_buf_printf(&line, ",\"%s\":%llu", names[i], (unsigned long long)tally->results[i]);
    lb_buf_printf(&line,
                  ",\"blockedMeanwhile\":%llu,\"campaign\":", (unsigned long long)tally->blocked);
    if (campaign) {
        lb_buf_append_lit(&line, "{\"status\":");
        lb_json_put_string(&line, lb_answer_text(campaign, "status"));
        lb_buf_printf(&line, ",\"progress\":%llu,\"blocked\":%llu}}}\n",
                      (unsigned long long)lb_answer_number(campaign, "progress"),
                      (unsigned long long)blocked_leads(campaign));
    } else {
        lb_buf_append_lit(&line, "null}}\n");
    }
    if (!line.failed)
        fwrite(line.ptr, 1, line.len, stdout);
    lb_buf_fini(&line);
}

static void print_count(uint64_t count, const char *what)
{
    if (count)
        fprintf(stderr, ", %llu %s", (unsigned long long)count, what);
}

void lb_sent_print(const struct lb_sent *tally, const struct lb_json *campaign)
{
    const uint64_t *results = tally->results;
    if (tally->json) {
        print_sum_json(tally, campaign);
        return;
    }
    fprintf(stderr, "%llu %s contacted, %llu %s done", (unsigned long long)tally->people,
            tally->people == 1 ? "person" : "people", (unsigned long long)results[LB_OUTCOME_DONE],
            results[LB_OUTCOME_DONE] == 1 ? "activity" : "activities");
    print_count(results[LB_OUTCOME_REPLIED], "replied");
    print_count(results[LB_OUTCOME_FAILED], "failed");
    print_count(results[LB_OUTCOME_RETRY], "to retry");
    print_count(results[LB_OUTCOME_LEASE_LOST], "with a lost lease");
    print_count(results[LB_OUTCOME_UNREPORTED], "not reported");
    print_count(tally->blocked, "blocked meanwhile");
    if (campaign) {
        uint64_t blocked = blocked_leads(campaign);
        struct lb_str status = lb_answer_text(campaign, "status");
        fprintf(stderr, "; %llu %s skipped (blocked); campaign at %llu %%, %.*s",
                (unsigned long long)blocked, blocked == 1 ? "lead" : "leads",
                (unsigned long long)lb_answer_number(campaign, "progress"), (int)status.len,
                status.ptr);
    }
    fputs(".\n", stderr);
}

void lb_sent_fini(struct lb_sent *tally)
{
    tdestroy(tally->leads, free);
    tally->leads = NULL;
}
