#include "support/faulty_memory.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>

static sqlite3_mem_methods real;
static _Atomic int64_t fail_in; /* allocations; 0: none fails */
static _Atomic bool failed;

static bool fails(void)
{
    if (atomic_load(&fail_in) == 0 || atomic_fetch_sub(&fail_in, 1) != 1)
        return false;
    atomic_store(&failed, true);
    return true;
}

static void *allocate(int size)
{
    return fails() ? NULL : real.xMalloc(size);
}

static void *resize(void *memory, int size)
{
    return fails() ? NULL : real.xRealloc(memory, size);
}

void faulty_memory_install(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
    sqlite3_mem_methods faulty = real;
    faulty.xMalloc = allocate;
    faulty.xRealloc = resize;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* or small ones would never fail */
}

void faulty_memory_fail(int64_t nth)
{
    atomic_store(&failed, false);
    atomic_store(&fail_in, nth);
}

bool faulty_memory_failed(void)
{
    return atomic_load(&failed);
}

bool faulty_memory_heal(void)
{
    atomic_store(&fail_in, 0);
    return atomic_load(&failed);
}
