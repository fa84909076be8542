/* What `leadblock doctor` finds out about the machine and the data folder: each check says what it
 * saw, and what to do about it. Nothing is changed. Threads: the main one of a process that does
 * nothing else. */
#ifndef LB_DAEMON_CHECKUP_H
#define LB_DAEMON_CHECKUP_H

#include "config/config.h"

#include <sys/types.h>

enum lb_checkup_state {
    LB_CHECKUP_OK,
    LB_CHECKUP_NOTE,    /* worth knowing; nothing is wrong */
    LB_CHECKUP_WARNING, /* works now, and will not always */
    LB_CHECKUP_ERROR
};

/* "ok", "note", "warning" or "error". */
const char *lb_checkup_state_name(enum lb_checkup_state state);

struct lb_checkup {
    struct lb_config *config; /* what a server would have; `environment` is read into it */
    char *const *environment; /* as environ is */
    char *(*look_up)(const char *name);
    pid_t server; /* that serves the folder now; 0: none */
    void *context;
    /* `advice` NULL: nothing is to be done. */
    void (*report)(void *context, const char *check, enum lb_checkup_state state, const char *text,
                   const char *advice);
};

/* Settings of the environment: those that are wrong, and unknown ones. To be called first. */
void lb_checkup_settings(struct lb_checkup *checkup);

/* The folder, its disk and how fast it syncs, limits of the process, the clock. */
void lb_checkup_machine(struct lb_checkup *checkup);

/* What a start would say: whether the database can be opened, and the address be listened on. It
 * is not started. With a server that runs, only that. */
void lb_checkup_start(struct lb_checkup *checkup);

/* Reports one finding, as the checks do. */
void lb_checkup_say(const struct lb_checkup *checkup, const char *check,
                    enum lb_checkup_state state, const char *advice, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
