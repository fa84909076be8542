#include "support/starve.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);

/* The linker gives every call of the program's to these. */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);

static _Thread_local bool spared;
static _Atomic int64_t fail_in; /* allocations; 0: none fails */
static _Atomic bool fail_on;    /* also those after it */
static _Atomic uint64_t failures;

void starve_never_me(void)
{
    spared = true;
}

void starve_at(uint64_t nth, bool for_ever)
{
    atomic_store(&failures, 0);
    atomic_store(&fail_on, for_ever);
    atomic_store(&fail_in, (int64_t)nth);
}

uint64_t starve_end(void)
{
    atomic_store(&fail_in, 0);
    return atomic_exchange(&failures, 0);
}

static bool fails(void)
{
    if (spared || atomic_load(&fail_in) == 0)
        return false;
    int64_t left = atomic_fetch_sub(&fail_in, 1) - 1;
    if (left > 0)
        return false;
    /* It must not come to 0 by counting down: that means that none fails. */
    atomic_store(&fail_in, atomic_load(&fail_on) ? 1 : 0);
    atomic_fetch_add(&failures, 1);
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    return fails() ? MAP_FAILED : __real_mmap(at, size, protection, flags, file, offset);
}
