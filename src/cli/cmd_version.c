#include "cli/build_info.h"
#include "cli/client.h"
#include "cli/commands.h"

#include <stdio.h>

static void print_json_library(void *context, const char *name, const char *version)
{
    const char **separator = context;
    printf("%s\"%s\":\"%s\"", *separator, name, version);
    *separator = ",";
}

static void print_library(void *context, const char *name, const char *version)
{
    const char **separator = context;
    printf("%s%s %s", *separator, name, version);
    *separator = ", ";
}

static void print_json(void)
{
    const char *separator = "";
    printf("{\"version\":\"%s\",\"commit\":\"%s\",\"build\":{\"type\":\"%s\",\"compiler\":\"%s\"},"
           "\"schema\":{\"sqlite\":%u,\"postgresql\":%u},\"libraries\":{",
           lb_build_info.version, lb_build_info.commit, lb_build_info.type, lb_build_info.compiler,
           lb_versions_sqlite_schema(), lb_versions_postgres_schema());
    lb_versions_libraries(&separator, print_json_library);
    print_json_library(&separator, "libcurl", lb_client_library_version());
    puts("}}");
}

int lb_cmd_version(struct lb_cli *cli)
{
    const char *separator = "";
    if (lb_cli_given(cli, LB_OPT_JSON)) {
        print_json();
        return LB_EXIT_DONE;
    }
    printf("leadblock %s\n"
           "commit     %s\n"
           "build      %s, %s\n"
           "schema     SQLite %u, PostgreSQL %u\n"
           "libraries  ",
           lb_build_info.version, lb_build_info.commit, lb_build_info.type, lb_build_info.compiler,
           lb_versions_sqlite_schema(), lb_versions_postgres_schema());
    lb_versions_libraries(&separator, print_library);
    print_library(&separator, "libcurl", lb_client_library_version());
    putchar('\n');
    return LB_EXIT_DONE;
}
