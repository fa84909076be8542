/* For tests: a disk in memory that can lose power. A file is what programs see, what surely is on
 * the disk, and between the two the changes that were not synced: at a power cut any of these may
 * have happened or not, some in part (by sectors), in any order. Names are the same: making and
 * deleting a file is pending until the names are synced. Stricter than most file systems.
 * Threads: the caller's lock. */
#ifndef LB_TESTS_FAULTY_DISK_H
#define LB_TESTS_FAULTY_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_file;

/* Zeroed memory for what is hung on files; never NULL. */
void *disk_memory(size_t size);

/* Empties the disk. No file may be in use. `seed` decides what survives power cuts. */
void disk_format(uint64_t seed);

/* NULL when no file has that name. */
struct disk_file *disk_find(const char *name);
/* A new empty file; an old one of that name is replaced. NULL: a file without a name. */
struct disk_file *disk_make(const char *name);
void disk_delete(const char *name);
void disk_sync_names(void);

size_t disk_size(const struct disk_file *file);
uint64_t disk_used(void);

/* Returns how many bytes there were; the rest of `out` is zeros. */
size_t disk_read(const struct disk_file *file, void *out, size_t size, uint64_t at);
void disk_write(struct disk_file *file, const void *data, size_t size, uint64_t at);
void disk_truncate(struct disk_file *file, uint64_t size);
void disk_sync(struct disk_file *file);
/* A sync that fails: what was pending may or may not be on the disk, and no later sync will write
 * it (which is what Linux does with pages that it could not write). */
void disk_fail_sync(struct disk_file *file);

/* The power is cut and comes back: every file becomes what survived. No file may be in use. */
void disk_lose_power(void);

/* The generator that decides, for others. */
uint64_t disk_random(uint64_t bound);

/* Whatever the user hangs on a file; freed with it by `free`. */
void **disk_attached(struct disk_file *file);

#endif
