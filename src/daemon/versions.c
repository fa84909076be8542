#include "daemon/versions.h"

#include "domain/blocklist/identifier.h"
#include "store/postgres/postgres.h"
#include "store/sqlite/sqlite.h"

#include <sodium.h>
#include <stdio.h>
#include <xxhash.h>
#include <zlib.h>

#define STRING(number)          STRING_OF(number)
#define STRING_OF(number)       #number
#define DOTTED(one, two, three) STRING(one) "." STRING(two) "." STRING(three)

unsigned lb_versions_sqlite_schema(void)
{
    return lb_sqlite_schema_version();
}

unsigned lb_versions_postgres_schema(void)
{
    return lb_postgres_schema_version();
}

void lb_versions_libraries(void *context,
                           void (*each)(void *context, const char *name, const char *version))
{
    char libpq[16];
    int number = lb_postgres_library_version();
    snprintf(libpq, sizeof libpq, "%d.%d", number / 10000, number % 10000);
    const char *const libraries[LB_VERSIONS_LIBRARIES][2] = {
        {"SQLite", lb_sqlite_library_version()},
        {"libpq", libpq},
        {"libsodium", sodium_version_string()},
        {"utf8proc", lb_identifier_library_version()},
        /* compiled in: the library cannot tell */
        {"xxHash", DOTTED(XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE)},
        {"zlib", zlibVersion()},
    };
    for (size_t i = 0; i < LB_VERSIONS_LIBRARIES; i++)
        each(context, libraries[i][0], libraries[i][1]);
}
