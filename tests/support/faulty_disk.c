#include "support/faulty_disk.h"

#include "support/random.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR       512
#define NAMES        32
#define NAME_MAX_LEN 255

struct image {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

/* A write, or with data NULL a truncation to `at`. */
struct pending {
    uint64_t at;
    size_t size;
    uint8_t *data;
    bool doomed; /* its sync failed: no later one will write it */
};

struct disk_file {
    struct image seen;
    struct image durable;
    struct pending *pending;
    size_t pending_count;
    size_t pending_capacity;
    void *attached;
    struct disk_file *next;
};

struct name {
    char text[NAME_MAX_LEN + 1];
    struct disk_file *seen;    /* NULL: no such file */
    struct disk_file *durable; /* NULL: no such file after a power cut */
};

static struct name names[NAMES];
static struct disk_file *files; /* all there are, deleted ones too */
static uint64_t random_state = 1;

uint64_t disk_random(uint64_t bound)
{
    return (random_next(&random_state) >> 11) % bound;
}

/* By a name that support/starve.h does not know: it is not the disk that is short of memory. */
static void *resize(void *memory, size_t size)
{
    memory = reallocarray(memory, 1, size);
    if (!memory)
        abort();
    return memory;
}

void *disk_memory(size_t size)
{
    return memset(resize(NULL, size), 0, size);
}

static void image_resize(struct image *image, size_t size)
{
    if (size > image->capacity) {
        image->capacity = size * 2;
        image->bytes = resize(image->bytes, image->capacity);
    }
    if (size > image->size)
        memset(image->bytes + image->size, 0, size - image->size);
    image->size = size;
}

static void image_write(struct image *image, const void *data, size_t size, uint64_t at)
{
    if (size == 0)
        return;
    if (at + size > image->size)
        image_resize(image, at + size);
    memcpy(image->bytes + at, data, size);
}

static void image_copy(struct image *to, const struct image *from)
{
    to->size = 0;
    image_write(to, from->bytes, from->size, 0);
}

static void forget_pending(struct disk_file *file)
{
    for (size_t i = 0; i < file->pending_count; i++)
        free(file->pending[i].data);
    file->pending_count = 0;
}

static void destroy(struct disk_file *file)
{
    forget_pending(file);
    free(file->pending);
    free(file->seen.bytes);
    free(file->durable.bytes);
    free(file->attached);
    free(file);
}

void disk_format(uint64_t seed)
{
    while (files) {
        struct disk_file *next = files->next;
        destroy(files);
        files = next;
    }
    memset(names, 0, sizeof names);
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (int i = 0; i < 8; i++)
        disk_random(1);
}

static struct name *name_slot(const char *text, bool make)
{
    struct name *unused = NULL;
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(names[i].text, text) == 0)
            return &names[i];
        if (!unused && !names[i].seen && !names[i].durable)
            unused = &names[i];
    }
    if (!make)
        return NULL;
    if (!unused || strlen(text) > NAME_MAX_LEN)
        abort();
    strcpy(unused->text, text);
    return unused;
}

struct disk_file *disk_find(const char *text)
{
    struct name *name = name_slot(text, false);
    return name ? name->seen : NULL;
}

struct disk_file *disk_make(const char *text)
{
    struct disk_file *file = disk_memory(sizeof *file);
    file->next = files;
    files = file;
    if (text)
        name_slot(text, true)->seen = file;
    return file;
}

void disk_delete(const char *text)
{
    struct name *name = name_slot(text, false);
    if (name)
        name->seen = NULL;
}

void disk_sync_names(void)
{
    for (size_t i = 0; i < NAMES; i++)
        names[i].durable = names[i].seen;
}

size_t disk_size(const struct disk_file *file)
{
    return file->seen.size;
}

uint64_t disk_used(void)
{
    uint64_t used = 0;
    for (size_t i = 0; i < NAMES; i++)
        used += names[i].seen ? names[i].seen->seen.size : 0;
    return used;
}

size_t disk_read(const struct disk_file *file, void *out, size_t size, uint64_t at)
{
    size_t there = at < file->seen.size ? file->seen.size - at : 0;
    size_t count = there < size ? there : size;
    if (count)
        memcpy(out, file->seen.bytes + at, count);
    memset((uint8_t *)out + count, 0, size - count);
    return count;
}

static void add_pending(struct disk_file *file, struct pending pending)
{
    if (file->pending_count == file->pending_capacity) {
        file->pending_capacity = file->pending_capacity ? file->pending_capacity * 2 : 16;
        file->pending = resize(file->pending, file->pending_capacity * sizeof *file->pending);
    }
    file->pending[file->pending_count++] = pending;
}

void disk_write(struct disk_file *file, const void *data, size_t size, uint64_t at)
{
    if (size == 0)
        return;
    image_write(&file->seen, data, size, at);
    struct pending pending = {.at = at, .size = size, .data = resize(NULL, size)};
    memcpy(pending.data, data, size);
    add_pending(file, pending);
}

void disk_truncate(struct disk_file *file, uint64_t size)
{
    image_resize(&file->seen, size);
    add_pending(file, (struct pending){.at = size});
}

static void apply(struct image *image, const struct pending *pending)
{
    if (pending->data)
        image_write(image, pending->data, pending->size, pending->at);
    else
        image_resize(image, pending->at);
}

/* Some sectors of a write, a few of them as garbage, and perhaps the length that it gave the file.
 */
static void apply_torn(struct image *image, const struct pending *pending)
{
    if (!pending->data)
        return;
    uint64_t end = pending->at + pending->size;
    if (end > image->size && disk_random(2))
        image_resize(image, end);
    for (uint64_t at = pending->at; at < end;) {
        uint64_t stop = (at / SECTOR + 1) * SECTOR < end ? (at / SECTOR + 1) * SECTOR : end;
        uint8_t garbage[SECTOR];
        if (disk_random(16) == 0) {
            for (size_t i = 0; i < sizeof garbage; i++)
                garbage[i] = (uint8_t)disk_random(256);
            image_write(image, garbage, stop - at, at);
        } else if (disk_random(2)) {
            image_write(image, pending->data + (at - pending->at), stop - at, at);
        }
        at = stop;
    }
}

/* Whole, torn or not at all. `quarters`: how likely it is whole. */
static void apply_perhaps(struct image *image, const struct pending *pending, uint64_t quarters)
{
    if (disk_random(4) < quarters)
        apply(image, pending);
    else if (quarters && disk_random(2))
        apply_torn(image, pending);
}

void disk_sync(struct disk_file *file)
{
    for (size_t i = 0; i < file->pending_count; i++) {
        if (file->pending[i].doomed)
            apply_perhaps(&file->durable, &file->pending[i], disk_random(4));
        else
            apply(&file->durable, &file->pending[i]);
    }
    forget_pending(file);
}

void disk_fail_sync(struct disk_file *file)
{
    for (size_t i = 0; i < file->pending_count; i++)
        file->pending[i].doomed = true;
}

static void survive(struct disk_file *file)
{
    uint64_t quarters = disk_random(8); /* from nothing to, half of the times, everything */
    for (size_t i = 0; i < file->pending_count; i++)
        apply_perhaps(&file->durable, &file->pending[i], quarters);
    forget_pending(file);
    image_copy(&file->seen, &file->durable);
}

static bool has_name(const struct disk_file *file)
{
    for (size_t i = 0; i < NAMES; i++)
        if (names[i].seen == file)
            return true;
    return false;
}

void disk_lose_power(void)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (disk_random(2))
            names[i].seen = names[i].durable;
        names[i].durable = names[i].seen;
    }
    struct disk_file **link = &files;
    while (*link) {
        struct disk_file *file = *link;
        if (has_name(file)) {
            survive(file);
            link = &file->next;
        } else {
            *link = file->next;
            destroy(file);
        }
    }
}

void **disk_attached(struct disk_file *file)
{
    return &file->attached;
}
