/* The outcomes of activities that `leadblock send` was handed: what the exit of a program means,
 * the line of each activity on standard output, and the totals at the end. Threads: one. */
#ifndef LB_CLI_OUTCOME_H
#define LB_CLI_OUTCOME_H

#include "cli/runner.h"
#include "json/decode.h"

#define LB_DETAIL_CHARACTERS_MAX 500 /* what the server takes */
#define LB_DETAIL_SIZE           (4 * LB_DETAIL_CHARACTERS_MAX + 1)

/* Results as the API knows them, and two for what it did not take. */
enum lb_outcome_result {
    LB_OUTCOME_DONE,
    LB_OUTCOME_REPLIED,
    LB_OUTCOME_FAILED,
    LB_OUTCOME_RETRY,
    LB_OUTCOME_LEASE_LOST,
    LB_OUTCOME_UNREPORTED,
    LB_OUTCOME_COUNT
};

struct lb_outcome {
    enum lb_outcome_result result;
    char detail[LB_DETAIL_SIZE]; /* valid UTF-8 without control characters; "" for none */
    bool unrunnable;             /* sh could not run the program, and could not for another lead */
    bool blocked;                /* the lead was blocked while the program ran */
    struct lb_str refusal;       /* the server's code when the result was not taken; else empty */
    struct lb_str lead_status;   /* empty when the server did not say */
    enum lb_outcome_result
        program_result; /* what the program said, which the server may have refused */
};

/* "done", "replied", "failed", "retry" as the API has them, and words for the other two. */
const char *lb_outcome_text(enum lb_outcome_result result);

/* What the end of a program means; `timeout_s` is for the detail of one that took too long. */
void lb_outcome_judge(struct lb_outcome *outcome, const struct lb_run *run, uint64_t timeout_s);

/* A result that no program gave, with a detail in words. */
void lb_outcome_set(struct lb_outcome *outcome, enum lb_outcome_result result, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

/* The sum of a run of the command. */
struct lb_sent {
    bool json;
    uint64_t activities;
    uint64_t results[LB_OUTCOME_COUNT];
    uint64_t blocked;
    uint64_t people; /* leads whose program said, at least once, that it is done or they replied */
    void *leads;     /* their ids */
};

/* Counts the outcome of an activity, as the server handed it out, and prints its line. False when
 * standard output was closed. */
bool lb_sent_add(struct lb_sent *tally, const struct lb_json *activity,
                 const struct lb_outcome *outcome);

/* Prints the sum, for people on standard error, with what the campaign's own JSON says about it;
 * NULL when that is not known. */
void lb_sent_print(const struct lb_sent *tally, const struct lb_json *campaign);

void lb_sent_fini(struct lb_sent *tally);

#endif
