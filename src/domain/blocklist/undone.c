#include "domain/blocklist/undone.h"

lb_err lb_undone_follow(struct lb_store *store, struct lb_store_reader *reader, uint32_t workspace,
                        struct lb_undone *chain)
{
    for (unsigned undos = 0;; undos++) {
        uint64_t undo;
        lb_err err = store->ops->log_undone(reader, workspace, chain->last, &undo);
        chain->goes_on = !err && undo && undos == LB_UNDONE_STEPS;
        if (err || !undo || chain->goes_on)
            return err;
        chain->last = undo;
        chain->undone = !chain->undone;
    }
}
