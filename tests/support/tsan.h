/* For test programs that use SQLite or liburcu from several threads, included by one file of each:
 * under ThreadSanitizer, what these libraries do with their own memory is not looked at, since they
 * were compiled without it and their synchronisation is not seen. Our own code is, also where they
 * call it. */
#ifndef LB_TESTS_TSAN_H
#define LB_TESTS_TSAN_H

const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "ignore_noninstrumented_modules=1";
}

#endif
