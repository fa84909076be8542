/* What the program is made of: for `leadblock version` and the first line of the log. Threads:
 * stateless. */
#ifndef LB_DAEMON_VERSIONS_H
#define LB_DAEMON_VERSIONS_H

#include <stddef.h>

/* How this very program was built. The file with it (cli/build_info.c.in) is compiled again for
 * each commit, so only the program itself has it. */
struct lb_build_info {
    const char *version;  /* "0.2.0" */
    const char *commit;   /* short, with -dirty when files differed; "unknown" outside of git */
    const char *type;     /* "release", "debug", "debug+address,undefined" */
    const char *compiler; /* "gcc 12.2.0" */
};

/* Numbers of the newest migrations. */
unsigned lb_versions_sqlite_schema(void);
unsigned lb_versions_postgres_schema(void);

#define LB_VERSIONS_LIBRARIES 6

/* The libraries of the server, with the versions that run where they tell: `each` is called for
 * LB_VERSIONS_LIBRARIES of them. */
void lb_versions_libraries(void *context,
                           void (*each)(void *context, const char *name, const char *version));

#endif
