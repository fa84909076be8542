#include "domain/blocklist/kept.h"

#include "domain/blocklist/change_parts.h"

uint64_t lb_kept_count(const struct lb_blocklist *blocklist, struct lb_list list)
{
    const struct lb_overlay *batch = &blocklist->batch;
    uint64_t count = 0;
    for (int type = LB_NAME_MEMBER_ID; type < LB_NAME_TYPES; type++)
        count +=
            lb_list_orders_count(blocklist->orders, lb_order_number(list, (enum lb_name_type)type));
    for (size_t i = 0; i < batch->event_count; i++) {
        const struct lb_event *event = &batch->events[i];
        if (lb_list_number(event->list) == lb_list_number(list))
            count += event->add ? event->replaces == 0 : UINT64_MAX; /* one more, or less */
    }
    return count;
}

lb_err lb_kept_carry_over(struct lb_change *carried, struct lb_store *store, struct lb_list list,
                          uint64_t *out_people)
{
    char digits[LB_U64_DIGITS];
    uint64_t id;
    *out_people = lb_kept_count(carried->blocklist, list);
    if (*out_people == 0)
        return LB_OK;
    lb_change_prepare(carried);
    struct lb_packer packer;
    lb_packer_begin(&packer, carried, store, list, LB_LOG_CARRIED_OVER);
    struct lb_change_item item = {.key = lb_str_of_u64(*out_people, digits)};
    memcpy(item.seed, carried->seed, sizeof item.seed);
    lb_err err = lb_packer_add(&packer, &item, &id);
    return err ? err : lb_packer_flush(&packer);
}
