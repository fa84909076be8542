/* What leads have in the place of a company's name: unrelated ones have it in common. Folded as
 * companies' names are. */
#include "domain/blocklist/name_internal.h"

/* An empty field, as programs and people write it. */
static const char *const EMPTY[] = {
    /* clang-format off */
    "n a", "na", "nan", "none", "null", "undefined", "unknown", "not available", "not applicable",
    "not provided", "not specified", "no company",
    "k a", "keine", "keine angabe", "unbekannt", "n v t", "nvt", "onbekend",
    "aucun", "aucune", "inconnu", "non renseigné", "ninguna", "ninguno", "desconocido",
    "nessuna", "nessuno", "nenhuma", "não informado", "brak", "нет", "не указано", "なし", "없음",
    /* clang-format on */
};

/* Who works alone, or does not say where. */
static const char *const ALONE[] = {
    /* clang-format off */
    "self employed", "selfemployed", "self", "freelance", "freelancer", "freelancing",
    "freelance self employed", "independent", "independent consultant", "independent contractor",
    "consultant", "contractor", "sole trader", "retired", "unemployed", "student", "open to work",
    "stealth", "stealth mode", "stealth startup", "stealth mode startup", "stealth company",
    "confidential", "various",
    "freiberufler", "freiberuflich", "selbstständig", "selbständig", "zzp", "zzp er", "zelfstandig",
    "indépendant", "indépendante", "auto entrepreneur", "autónomo", "autonomo", "autônomo",
    "libero professionista", "egenföretagare", "фриланс", "фрилансер", "フリーランス", "프리랜서",
    "自由职业", "自由职业者",
    /* clang-format on */
};

/* The same in the address of a page, as programs write it. */
static const char *const EMPTY_PAGES[] = {"undefined", "null"};

static bool is_one_of(struct lb_str name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lb_str_equal(name, lb_str(words[i])))
            return true;
    return false;
}

bool lb_name_is_empty_field(enum lb_name_type type, struct lb_str form)
{
    return type == LB_NAME_COMPANY_PAGE
               ? is_one_of(form, EMPTY_PAGES, sizeof EMPTY_PAGES / sizeof *EMPTY_PAGES)
               : is_one_of(form, EMPTY, sizeof EMPTY / sizeof *EMPTY);
}

bool lb_name_is_no_company(enum lb_name_type type, struct lb_str form)
{
    return lb_name_is_empty_field(type, form) ||
           (type == LB_NAME_COMPANY && is_one_of(form, ALONE, sizeof ALONE / sizeof *ALONE));
}
