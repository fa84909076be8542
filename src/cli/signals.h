/* Signals that a command takes for itself. One that was ignored when it began stays ignored: that
 * is what nohup, and a shell for what runs in its background, mean. Threads: one. */
#ifndef LB_CLI_SIGNALS_H
#define LB_CLI_SIGNALS_H

#include <signal.h>
#include <stddef.h>

/* Has `handler` take those of the signals that are not ignored; *out are these. */
void lb_signals_take(const int *signals, size_t count, void (*handler)(int), sigset_t *out);

#endif
