/* Runs one shell command many times, several at once, each time in a process group of its own:
 * hands it its input, keeps the beginning of its output, and ends it when it takes too long.
 *
 * From the first runner on, until this process ends, SIGINT, SIGTERM and SIGHUP are counted in
 * place of ending it (one that was ignored stays ignored) and SIGPIPE is ignored; the command
 * starts with all of them as they were. A process group of its own keeps a terminal's ^C from the
 * command. Threads: one. */
#ifndef LB_CLI_RUNNER_H
#define LB_CLI_RUNNER_H

#include "base/str.h"

#define LB_RUNNER_PROGRAMS_MAX 64
#define LB_RUN_OUTPUT_MAX      4096 /* bytes that are kept; the rest is read and dropped */

struct lb_runner;

enum lb_run_end {
    LB_RUN_EXITED,    /* by itself; `number` is its exit code */
    LB_RUN_KILLED,    /* by a signal of another process; `number` is the signal */
    LB_RUN_TIMED_OUT, /* ended by us; so is the next */
    LB_RUN_TERMINATED
};

/* How one run ended. */
struct lb_run {
    void *context; /* of lb_runner_start() */
    enum lb_run_end end;
    int number;
    size_t output_len;
    char output[LB_RUN_OUTPUT_MAX]; /* the beginning of its standard output, any bytes */
};

/* For `sh -c COMMAND`, at most `programs` (1 to LB_RUNNER_PROGRAMS_MAX) at once, each for at most
 * `timeout_ms`. Borrows `command`. NULL with errno set when it fails. */
struct lb_runner *lb_runner_create(const char *command, size_t programs, uint64_t timeout_ms);

/* Kills what still runs, without a report. NULL does nothing. */
void lb_runner_destroy(struct lb_runner *runner);

/* Starts the command, which must be free to start (lb_runner_free()), with these variables as its
 * environment. It gets a copy of `input`, and no file of ours but standard error. `context` comes
 * back with its end. 0, or the errno of what failed; then it does not run. */
int lb_runner_start(struct lb_runner *runner, struct lb_str input, char *const *environment,
                    void *context);

/* How many more may be started, and how many run or have not been taken yet. */
size_t lb_runner_free(const struct lb_runner *runner);
size_t lb_runner_busy(const struct lb_runner *runner);

/* Waits up to `wait_ms` (-1: as long as it takes) until something happens, and does what is to be
 * done: input, output, deadlines, signals. To be called again and again while anything runs. */
void lb_runner_step(struct lb_runner *runner, int wait_ms);

/* Takes one run that has ended; false when no run has ended. A run ends with the process that was
 * started: what it left in the background is not waited for. A run that we end, by SIGTERM and five
 * seconds later SIGKILL to its whole group, ends when no process is left in the group. */
bool lb_runner_take(struct lb_runner *runner, struct lb_run *out);

/* Ends all that runs, as above; does not wait. */
void lb_runner_terminate(struct lb_runner *runner);

/* How many of the signals that ask this process to end have come. */
unsigned lb_runner_stops(const struct lb_runner *runner);

#endif
