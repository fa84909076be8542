/* Tells systemd about the server's state (Type=notify). Without systemd it does nothing.
 * Source: https://www.freedesktop.org/software/systemd/man/sd_notify.html
 * Threads: the main one. */
#ifndef LB_DAEMON_NOTIFY_H
#define LB_DAEMON_NOTIFY_H

/* `state`: "READY=1", "STOPPING=1", "STATUS=..." */
void lb_notify(const char *state);

#endif
