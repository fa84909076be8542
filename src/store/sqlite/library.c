#include "store/sqlite/sqlite.h"

#include <sqlite3.h>

const char *lb_sqlite_library_version(void)
{
    return sqlite3_libversion();
}
