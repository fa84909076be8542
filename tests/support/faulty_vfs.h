/* For tests: a VFS for SQLite on a disk in memory (faulty_disk.h) that fails operations by number
 * and cuts the power. It promises what SQLite's own for Unix promises (locks, shared memory of the
 * WAL, powersafe overwrite, the directory synced with a new journal), and no more.
 * Source: https://www.sqlite.org/c3ref/io_methods.html
 * Threads: any; what is set here is set while no database is open, or by the thread that does the
 * I/O. */
#ifndef LB_TESTS_FAULTY_VFS_H
#define LB_TESTS_FAULTY_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULTY_VFS "faulty"

enum faulty_op {
    FAULTY_READ,
    FAULTY_OPEN,
    FAULTY_WRITE,
    FAULTY_SYNC,
    FAULTY_TRUNCATE,
    FAULTY_DELETE,
    FAULTY_OPS
};

/* Registers it (once) and empties the disk: no faults, unlimited room, power on. No file of it may
 * be open. */
void faulty_format(uint64_t seed);

/* The `nth` operation of this kind from now on (1: the next) fails with SQLite's `code`, and with
 * `for_ever` all later ones too. A write that fails may have been done in part. One at a time. */
void faulty_fail(enum faulty_op op, uint64_t nth, int code, bool for_ever);
/* Ends that. Says whether anything failed. */
bool faulty_heal(void);

const char *faulty_op_name(enum faulty_op op);

/* Files may not grow beyond `bytes` in all: SQLITE_FULL. 0: they may. */
void faulty_set_room(uint64_t bytes);
uint64_t faulty_used(void);

/* Cuts the power now, or at the `nth` operation from now that changes the disk: nothing works from
 * then on. faulty_restore_power, when all files are closed, makes the disk what survived. */
void faulty_cut_power(void);
void faulty_cut_power_at(uint64_t nth);
bool faulty_power(void);
void faulty_restore_power(void);

/* `watch` is called on the thread that does the I/O, before each operation that changes the disk.
 * It may cut the power. NULL: no call. */
void faulty_watch(void (*watch)(void *context, enum faulty_op op, const char *name), void *context);

#endif
