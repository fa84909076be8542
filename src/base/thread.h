/* What a thread asks of the kernel's scheduler. Nothing needs a privilege; a kernel that does not
 * know a request is left alone, and so is a policy that an operator has chosen. */
#ifndef LB_BASE_THREAD_H
#define LB_BASE_THREAD_H

/* For threads that answer: short slices, so that they run soon after they are woken (Linux 6.12 and
 * newer). */
void lb_thread_answers(void);

/* For threads that work through what has piled up: they do not interrupt those that answer. */
void lb_thread_yields(void);

#endif
