#include "store/postgres/postgres.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

int lb_postgres_library_version(void)
{
    return PQlibVersion();
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options && options->keyword; options++) {
        if (strcmp(options->keyword, keyword) == 0)
            return options->val ? options->val : "";
    }
    return "";
}

void lb_postgres_describe(const char *conninfo, char *out, size_t size)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    const char *user = value_of(options, "user");
    const char *host = value_of(options, "host");
    const char *port = value_of(options, "port");
    if (!*host)
        host = value_of(options, "hostaddr");
    if (strspn(port, ",") == strlen(port)) /* of several hosts, none with a port */
        port = "";
    snprintf(out, size, "postgresql://%s%s%s%s%s/%s", user, *user ? "@" : "", host,
             *port ? ":" : "", port, value_of(options, "dbname"));
    PQconninfoFree(options);
}
