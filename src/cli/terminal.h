/* What commands print, on its way to a terminal. Values come from a server and from files, which
 * may be hostile: control characters and those that change the direction of writing could hide,
 * move or fake what the terminal shows. So everything that goes to a terminal passes here, whoever
 * prints it, and such characters are shown as \u202e is in JSON. What goes into a file or a pipe is
 * data, and stays as it is. Threads: one. */
#ifndef LB_CLI_TERMINAL_H
#define LB_CLI_TERMINAL_H

#include "base/buf.h"

#include <signal.h>

/* Puts itself before standard output and standard error, where they are terminals. First of all. */
void lb_terminal_guard(void);

/* Replaces the line of standard error, which is a terminal, by this one; "" clears it. `text` is of
 * our own making. */
void lb_terminal_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A terminal that is written to as it is, past the guard: what steers it. */
struct lb_terminal_view {
    int fd;
    const sigset_t *mask; /* of signals while this waits for the terminal */
    bool (*told_to_end)(void);
};

/* The terminal that standard output is, opened anew: a write that it has no room for does not wait,
 * and those of other processes that share standard output do. Where it cannot be opened, standard
 * output. */
int lb_terminal_open(void);

/* Writes all of it. Told to end, it waits for another two seconds for a terminal that takes
 * nothing, because its connection or ^S holds it up. */
bool lb_terminal_write(const struct lb_terminal_view *view, struct lb_str bytes);

/* How many columns of a terminal the text takes: of wide characters two each, of accents none. */
size_t lb_terminal_columns(struct lb_str text);

/* Appends the text as a terminal may show it. Tabs and line feeds stay; what may be the beginning
 * of a character at the end of the text is left, and its bytes are returned: they belong before the
 * text that comes next. With `last` nothing is left. */
size_t lb_terminal_clean(struct lb_buf *out, struct lb_str text, bool last);

#endif
