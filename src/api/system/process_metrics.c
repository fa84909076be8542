/* What the kernel knows of the process and its disk, under the names that Prometheus' own clients
 * use (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). */
#include "api/system/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* Open files, without the descriptor that counts them. False: it cannot be told. From Linux 6.2 on
 * the size of the folder is their number; before, they are counted. */
static bool count_files(double *out)
{
    static const char path[] = "/proc/self/fd";
    size_t count = 0;
    struct stat size;
    if (stat(path, &size) == 0 && size.st_size > 0) {
        *out = (double)size.st_size;
        return true;
    }
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    /* A stream of this function's own: readdir is safe. */
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) /* cppcheck-suppress readdirCalled */
        count += entry->d_name[0] != '.';
    closedir(folder);
    *out = count ? (double)(count - 1) : 0;
    return true;
}

/* Where they stand in /proc/PID/stat after the name of the program, from 1: proc(5). */
enum { STAT_BEGAN_TICKS = 20, STAT_VIRTUAL_BYTES = 21, STAT_RESIDENT_PAGES = 22 };

/* The numbers from 1 up to `count`, but for the first, which is a letter; false when one lacks. */
static bool read_fields(const char *text, unsigned long long *out, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        char *end = NULL;
        text += strspn(text, " ");
        if (i == 1) {
            text += strcspn(text, " ");
            continue;
        }
        out[i] = strtoull(text, &end, 10);
        if (end == text)
            return false;
        text = end;
    }
    return true;
}

/* Virtual and resident memory in bytes, and when the process began, in seconds since 1970. */
static bool read_stat(double *out_virtual, double *out_resident, double *out_began)
{
    char text[1024];
    unsigned long long fields[24] = {0};
    struct timespec now;
    struct timespec up;
    FILE *file = fopen("/proc/self/stat", "re");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[len] = '\0';
    const char *after = strrchr(text, ')'); /* the name may hold spaces */
    if (!after || !read_fields(after + 1, fields, sizeof fields / sizeof *fields))
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    *out_virtual = (double)fields[STAT_VIRTUAL_BYTES];
    *out_resident = (double)fields[STAT_RESIDENT_PAGES] * (double)sysconf(_SC_PAGESIZE);
    *out_began = (double)(now.tv_sec - up.tv_sec) + (double)(now.tv_nsec - up.tv_nsec) / 1e9 +
                 (double)fields[STAT_BEGAN_TICKS] / (double)sysconf(_SC_CLK_TCK);
    return true;
}

static void put_times(struct lb_buf *out)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return;
    lb_metrics_put(out, "process_cpu_seconds_total", "counter",
                   "Processor time, of users and of the kernel, in seconds.",
                   (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
}

void lb_metrics_put_process(struct lb_buf *out)
{
    double files;
    double virtual_bytes;
    double resident;
    double began;
    struct rlimit limit;
    put_times(out);
    if (read_stat(&virtual_bytes, &resident, &began)) {
        lb_metrics_put(out, "process_virtual_memory_bytes", "gauge", "Virtual memory, in bytes.",
                       virtual_bytes);
        lb_metrics_put(out, "process_resident_memory_bytes", "gauge", "Resident memory, in bytes.",
                       resident);
        lb_metrics_put(out, "process_start_time_seconds", "gauge",
                       "When the process began, in seconds since 1970.", began);
    }
    if (count_files(&files))
        lb_metrics_put(out, "process_open_fds", "gauge", "Open file descriptors.", files);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        lb_metrics_put(out, "process_max_fds", "gauge",
                       "File descriptors that may be open at most.", (double)limit.rlim_cur);
}

void lb_metrics_put_disk(struct lb_buf *out, const char *folder)
{
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0)
        return;
    lb_metrics_put(out, "leadblock_disk_free_bytes", "gauge",
                   "Room on the disk of the data folder for this process, in bytes.",
                   (double)disk.f_bavail * (double)disk.f_frsize);
    lb_metrics_put(out, "leadblock_disk_size_bytes", "gauge",
                   "Size of the disk of the data folder, in bytes.",
                   (double)disk.f_blocks * (double)disk.f_frsize);
}
