#include "domain/blocklist/undone.h"

lb_err lb_undone_find(struct lb_store *store, struct lb_store_reader *reader, uint32_t workspace,
                      uint64_t change, struct lb_undone *out)
{
    *out = (struct lb_undone){.last = change};
    for (unsigned undos = 0;; undos++) {
        uint64_t undo;
        lb_err err = store->ops->log_undone(reader, workspace, out->last, &undo);
        out->too_long = !err && undo && undos == LB_UNDONE_MAX;
        if (err || !undo || out->too_long)
            return err;
        out->last = undo;
        out->undone = !out->undone;
    }
}
