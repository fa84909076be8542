/* How often the disk can make 4 KiB durable, one after the other: what a commit at one connection
 * is held against.
 *
 *   fsync FILE SECONDS
 *
 * Overwrites a file that was written and flushed before, so that no commit changes the file's size
 * or its extents. Prints one JSON object. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 4096
#define MAX   2000000

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int write_page(int fd, off_t page)
{
    static char data[PAGE];
    memset(data, (int)(page & 127), sizeof data);
    return pwrite(fd, data, PAGE, page * PAGE) == PAGE ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fsync FILE SECONDS\n");
        return 2;
    }
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    float *took = malloc(MAX * sizeof *took);
    if (fd < 0 || !took) {
        perror(argv[1]);
        return 1;
    }
    for (off_t i = 0; i < PAGES; i++)
        if (write_page(fd, i) != 0)
            return 1;
    if (fsync(fd) != 0)
        return 1;
    double start = now_s(), end = start + atof(argv[2]), t = start;
    int n = 0;
    while (t < end && n < MAX) {
        if (write_page(fd, n % PAGES) != 0 || fdatasync(fd) != 0) {
            perror(argv[1]);
            return 1;
        }
        double after = now_s();
        took[n++] = (float)((after - t) * 1e6);
        t = after;
    }
    qsort(took, (size_t)n, sizeof *took, compare);
    printf("{\"per_second\":%.1f,\"us\":{\"p50\":%.1f,\"p99\":%.1f}}\n", n / (t - start),
           took[n / 2], took[n * 99 / 100]);
    close(fd);
    return unlink(argv[1]) == 0 ? 0 : 1;
}
