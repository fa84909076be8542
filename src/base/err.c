#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *code;
    unsigned status;
} errors[] = {
#define LB_ERR_ROW(name, status, code) [name] = {code, status},
    LB_ERR_TABLE(LB_ERR_ROW)
#undef LB_ERR_ROW
};

const char *lb_err_code(lb_err err)
{
    return errors[err].code;
}

unsigned lb_err_status(lb_err err)
{
    return errors[err].status;
}

lb_err lb_fail(struct lb_reason *reason, lb_err err, const char *format, ...)
{
    if (reason) {
        va_list args;
        va_start(args, format);
        vsnprintf(reason->text, sizeof reason->text, format, args);
        va_end(args);
    }
    return err;
}
