/* For test programs that use liburcu's hash table from several threads, included by one file of
 * each: under ThreadSanitizer, memory that this library takes and frees for itself is not looked
 * at, since it was compiled without it and its synchronisation is not seen. Our own code is, also
 * where the library calls it. */
#ifndef LB_TESTS_TSAN_H
#define LB_TESTS_TSAN_H

const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:liburcu-cds.so\n";
}

#endif
