#include "cli/signals.h"

void lb_signals_take(const int *signals, size_t count, void (*handler)(int), sigset_t *out)
{
    struct sigaction before;
    sigemptyset(out);
    for (size_t i = 0; i < count; i++) {
        if (sigaction(signals[i], NULL, &before) != 0 || before.sa_handler == SIG_IGN)
            continue;
        sigaction(signals[i], &(struct sigaction){.sa_handler = handler}, NULL);
        sigaddset(out, signals[i]);
    }
}
