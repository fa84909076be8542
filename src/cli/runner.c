#include "cli/runner.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/signals.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS         5000 /* between SIGTERM and SIGKILL */
#define READS_PER_STEP   16   /* so that one that never stops writing leaves time for the others */
#define FIRST_FREE_FILE  3
#define NEVER            UINT64_MAX
#define POLLED_FILES_MAX (1 + 2 * LB_RUNNER_PROGRAMS_MAX)

enum program_state { FREE, RUNNING, ENDED };

struct program {
    enum program_state state;
    bool reaped;    /* the process that was started is gone */
    bool ending;    /* it got our SIGTERM */
    bool killed;    /* and our SIGKILL */
    pid_t pid;      /* of its group too */
    int status;     /* of wait() */
    int in, out;    /* our ends of its pipes; -1: closed */
    uint64_t until; /* when it gets SIGTERM, or SIGKILL once it is ending; monotonic ms */
    struct lb_buf input;
    size_t written;
    struct lb_run run;
};

struct lb_runner {
    const char *command;
    size_t count;
    uint64_t timeout_ms;
    int signals; /* signalfd */
    sigset_t mask_before;
    sigset_t to_default; /* signals that the command must not find ignored */
    unsigned stops;
    struct program programs[];
};

/* SIGCHLD that is ignored would have the system forget how a child ended. Orphans become children
 * of ours, so that we learn when the last of a group has ended, with any init process. */
static void set_signals(struct lb_runner *runner)
{
    struct sigaction before;
    sigemptyset(&runner->to_default);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &before);
    if (before.sa_handler != SIG_IGN)
        sigaddset(&runner->to_default, SIGPIPE);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

struct lb_runner *lb_runner_create(const char *command, size_t programs, uint64_t timeout_ms)
{
    assert(programs > 0 && programs <= LB_RUNNER_PROGRAMS_MAX);
    struct lb_runner *runner = calloc(1, sizeof *runner + programs * sizeof *runner->programs);
    if (!runner)
        return NULL;
    runner->command = command;
    runner->count = programs;
    runner->timeout_ms = timeout_ms;
    sigset_t watched;
    lb_signals_take((const int[]){SIGINT, SIGTERM, SIGHUP}, 3, SIG_DFL, &watched);
    sigaddset(&watched, SIGCHLD);
    runner->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    if (runner->signals < 0) {
        free(runner);
        return NULL;
    }
    sigprocmask(SIG_BLOCK, &watched, &runner->mask_before);
    set_signals(runner);
    return runner;
}

static void close_file(int *file)
{
    if (*file >= 0)
        close(*file);
    *file = -1;
}

static void release(struct program *program)
{
    close_file(&program->in);
    close_file(&program->out);
    lb_buf_fini(&program->input);
}

void lb_runner_destroy(struct lb_runner *runner)
{
    if (!runner)
        return;
    for (struct program *p = runner->programs; p < runner->programs + runner->count; p++) {
        if (p->state == RUNNING)
            kill(-p->pid, SIGKILL);
        if (p->state == RUNNING && !p->reaped)
            waitpid(p->pid, NULL, 0);
        if (p->state == RUNNING)
            release(p);
    }
    close(runner->signals);
    free(runner);
}

/* Two pipes: what is ours of them does not block. False with errno set. */
static bool open_pipes(int in[2], int out[2])
{
    if (pipe2(in, O_CLOEXEC) != 0)
        return false;
    if (pipe2(out, O_CLOEXEC) != 0) {
        int error = errno;
        close(in[0]);
        close(in[1]);
        errno = error;
        return false;
    }
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    return true;
}

static int set_attributes(const struct lb_runner *runner, posix_spawnattr_t *attributes)
{
    int error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!error)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &runner->mask_before);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &runner->to_default);
    return error;
}

/* The program gets nothing else that is open here, such as the connection to the server. */
static int set_files(posix_spawn_file_actions_t *files, int in, int out)
{
    int error = posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(files, FIRST_FREE_FILE);
    return error;
}

static int spawn(const struct lb_runner *runner, int in, int out, char *const *environment,
                 pid_t *pid)
{
    char *const arguments[] = {"sh", "-c", "--", (char *)(uintptr_t)runner->command, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    int error = posix_spawnattr_init(&attributes);
    if (error)
        return error;
    error = posix_spawn_file_actions_init(&files);
    if (!error) {
        error = set_attributes(runner, &attributes);
        if (!error)
            error = set_files(&files, in, out);
        if (!error)
            error = posix_spawn(pid, "/bin/sh", &files, &attributes, arguments, environment);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

static struct program *find_program(struct lb_runner *runner, enum program_state state)
{
    for (size_t i = 0; i < runner->count; i++) {
        if (runner->programs[i].state == state)
            return &runner->programs[i];
    }
    return NULL;
}

int lb_runner_start(struct lb_runner *runner, struct lb_str input, char *const *environment,
                    void *context)
{
    struct program *program = find_program(runner, FREE);
    int in[2];
    int out[2];
    assert(program);
    if (!open_pipes(in, out))
        return errno;
    *program = (struct program){.in = in[1], .out = out[0], .run.context = context};
    lb_buf_append_str(&program->input, input);
    int error =
        program->input.failed ? ENOMEM : spawn(runner, in[0], out[1], environment, &program->pid);
    close(in[0]);
    close(out[1]);
    if (error) {
        release(program);
        return error;
    }
    program->state = RUNNING;
    program->until = lb_clock_mono_ms() + runner->timeout_ms;
    return 0;
}

size_t lb_runner_busy(const struct lb_runner *runner)
{
    size_t busy = 0;
    for (size_t i = 0; i < runner->count; i++)
        busy += runner->programs[i].state != FREE;
    return busy;
}

size_t lb_runner_free(const struct lb_runner *runner)
{
    return runner->count - lb_runner_busy(runner);
}

/* A program need not read its input: one that has closed it, or ended, is no failure. */
static void write_input(struct program *program)
{
    while (program->in >= 0 && program->written < program->input.len) {
        ssize_t count = write(program->in, program->input.ptr + program->written,
                              program->input.len - program->written);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0)
            break;
        program->written += (size_t)count;
    }
    close_file(&program->in);
}

static void read_output(struct program *program)
{
    char chunk[65536];
    struct lb_run *run = &program->run;
    for (unsigned i = 0; program->out >= 0 && i < READS_PER_STEP; i++) {
        ssize_t count = read(program->out, chunk, sizeof chunk);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count <= 0) {
            close_file(&program->out);
            return;
        }
        size_t room = sizeof run->output - run->output_len;
        size_t kept = (size_t)count < room ? (size_t)count : room;
        memcpy(run->output + run->output_len, chunk, kept);
        run->output_len += kept;
    }
}

static void begin_ending(struct program *program, enum lb_run_end why)
{
    if (program->state != RUNNING || program->ending)
        return;
    kill(-program->pid, SIGTERM);
    program->ending = true;
    program->run.end = why;
    program->until = lb_clock_mono_ms() + GRACE_MS;
}

static bool group_lives(const struct program *program)
{
    return kill(-program->pid, 0) == 0 || errno != ESRCH;
}

static void finish_program(struct program *program)
{
    struct lb_run *run = &program->run;
    bool exited = WIFEXITED(program->status);
    read_output(program);
    release(program);
    program->state = ENDED;
    if (program->ending)
        return;
    run->end = exited ? LB_RUN_EXITED : LB_RUN_KILLED;
    run->number = exited ? WEXITSTATUS(program->status) : WTERMSIG(program->status);
}

/* What is not known here is an orphan. */
static void reap(struct lb_runner *runner)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (struct program *p = runner->programs; p < runner->programs + runner->count; p++) {
            if (p->state != RUNNING || p->reaped || p->pid != pid)
                continue;
            p->reaped = true;
            p->status = status;
        }
    }
}

static void look_after(struct program *program)
{
    bool late = lb_clock_mono_ms() >= program->until;
    if (late && program->ending && !program->killed) {
        kill(-program->pid, SIGKILL);
        program->killed = true;
        program->until = NEVER;
    } else if (late && !program->reaped) {
        begin_ending(program, LB_RUN_TIMED_OUT);
    }
    if (program->reaped && (!program->ending || program->killed || !group_lives(program)))
        finish_program(program);
}

static void take_signals(struct lb_runner *runner)
{
    struct signalfd_siginfo info;
    while (read(runner->signals, &info, sizeof info) == sizeof info)
        runner->stops += info.ssi_signo != SIGCHLD;
}

/* How long nothing may happen until there is something to do. */
static int wait_at_most(const struct lb_runner *runner, int wait_ms)
{
    uint64_t now = lb_clock_mono_ms();
    uint64_t wait = wait_ms < 0 ? NEVER : (uint64_t)wait_ms;
    for (size_t i = 0; i < runner->count; i++) {
        const struct program *program = &runner->programs[i];
        if (program->state != RUNNING)
            continue;
        uint64_t left = program->until > now ? program->until - now : 0;
        if (left < wait)
            wait = left;
    }
    return wait > INT32_MAX ? -1 : (int)wait;
}

void lb_runner_step(struct lb_runner *runner, int wait_ms)
{
    struct pollfd files[POLLED_FILES_MAX];
    nfds_t count = 0;
    files[count++] = (struct pollfd){.fd = runner->signals, .events = POLLIN};
    for (size_t i = 0; i < runner->count; i++) {
        const struct program *program = &runner->programs[i];
        if (program->state != RUNNING)
            continue;
        files[count++] = (struct pollfd){.fd = program->in, .events = POLLOUT};
        files[count++] = (struct pollfd){.fd = program->out, .events = POLLIN};
    }
    poll(files, count, wait_at_most(runner, wait_ms));
    take_signals(runner);
    /* Before any look at the clock: when we were kept from looking for a while, a program that was
     * in time is not taken for one that was late. */
    reap(runner);
    for (size_t i = 0; i < runner->count; i++) {
        struct program *program = &runner->programs[i];
        if (program->state != RUNNING)
            continue;
        write_input(program);
        read_output(program);
        look_after(program);
    }
}

bool lb_runner_take(struct lb_runner *runner, struct lb_run *out)
{
    struct program *program = find_program(runner, ENDED);
    if (!program)
        return false;
    *out = program->run;
    program->state = FREE;
    return true;
}

void lb_runner_terminate(struct lb_runner *runner)
{
    for (size_t i = 0; i < runner->count; i++)
        begin_ending(&runner->programs[i], LB_RUN_TERMINATED);
}

unsigned lb_runner_stops(const struct lb_runner *runner)
{
    return runner->stops;
}
