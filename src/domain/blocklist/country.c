#include "domain/blocklist/country.h"

#include "domain/blocklist/typed_name.h"
#include "store/names.h"

struct lb_str lb_country_of(uint16_t number)
{
    char room[3];
    return lb_name_country(lb_country_letters(number, room));
}

struct lb_str lb_workspace_country(const struct lb_workspace *workspace)
{
    return lb_country_of(atomic_load_explicit(&workspace->country, memory_order_relaxed));
}
