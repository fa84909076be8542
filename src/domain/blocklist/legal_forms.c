/* The legal forms of companies, as they stand after their names, and of some in front. Folded as
 * names are. */
#include "domain/blocklist/name_internal.h"

/* A dot stands where the letters may be written apart: "s.p.a" is "spa", "s p a" and "sp a". */
static const char *const AFTER[] = {
    /* Germany, Austria, Switzerland, Liechtenstein */
    "gmbh",
    "ggmbh",
    "g.m.b.h",
    "m.b.h",
    "ges.m.b.h",
    "gesellschaft mit beschränkter haftung",
    "ag",
    "aktiengesellschaft",
    "kg",
    "kgaa",
    "ohg",
    "og",
    "gbr",
    "ug",
    "haftungsbeschränkt",
    "haftungsbeschrankt",
    "e.v",
    "e.k",
    "e.kfm",
    "e.kfr",
    "e u",
    "eg",
    "partg",
    "partgmbb",
    "mbb",
    "und co",
    "i l",
    "sagl",
    /* United Kingdom, Ireland */
    "ltd",
    "limited",
    "plc",
    "p.l.c",
    "public limited company",
    "llp",
    "l.l.p",
    "l.p",
    "c.i.c",
    "d.a.c",
    "clg",
    "teoranta",
    "teo",
    /* United States, Canada, Philippines */
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "and co",
    "and company",
    "l.l.c",
    "limited liability company",
    "l.l.l.p",
    "p.l.l.c",
    "p c",
    "n.a",
    "ltée",
    "ltee",
    "inc ltée",
    /* France, Belgium, Luxembourg */
    "s.a",
    "société anonyme",
    "s.a.s",
    "s.a.s.u",
    "s.a.r.l",
    "s.à.r.l",
    "sarlu",
    "e.u.r.l",
    "s.c.i",
    "s.n.c",
    "s.c.o.p",
    "s.c.a",
    "s.c.s",
    "s.c.p",
    "selarl",
    "selas",
    "cie",
    "et cie",
    "et co",
    "g.i.e",
    "s.p.r.l",
    "s.c.r.l",
    "a.s.b.l",
    "v.z.w",
    "b.v.b.a",
    "c.v.b.a",
    "comm.v",
    "scsp",
    /* Netherlands */
    "b.v",
    "n.v",
    "v.o.f",
    "c.v",
    "u a",
    "en co",
    /* Italy, San Marino */
    "s.p.a",
    "società per azioni",
    "s.r.l",
    "s.r.l.s",
    "società a responsabilità limitata",
    "s.a.p.a",
    "s.c.a.r.l",
    "s.c.p.a",
    "soc coop",
    "soc coop a r l",
    "unipersonale",
    "e c",
    "a socio unico",
    /* Spain */
    "s.l",
    "sociedad limitada",
    "sociedad anónima",
    "s.l.u",
    "s.a.u",
    "s.l.l",
    "s.l.p",
    "s.l.n.e",
    "s.coop",
    "s.a.d",
    "y cía",
    "y cia",
    /* Portugal, Brazil */
    "lda",
    "limitada",
    "l.t.d.a",
    "unipessoal",
    "s.g.p.s",
    "eireli",
    "epp",
    "e cia",
    "sociedade anônima",
    "sociedade anónima",
    /* Mexico, Colombia, Peru, Chile, Argentina, Venezuela */
    "s.a.de.c.v",
    "s.de.r.l.de.c.v",
    "s.de.r.l",
    "s.a.p.i.de.c.v",
    "s.a.b.de.c.v",
    "s.a.b",
    "s.a.c",
    "s.a.a",
    "e.i.r.l",
    "s.a.i.c",
    "s c",
    "c a",
    "s.r.l.de.c.v",
    /* Poland */
    "sp.z.o.o",
    "spółka z ograniczoną odpowiedzialnością",
    "spółka z o o",
    "spółka akcyjna",
    "spolka z o o",
    "sp.k",
    "spółka komandytowa",
    "sp.j",
    "sp.p",
    "s.k.a",
    "p.s.a",
    /* Czechia, Slovakia */
    "s.r.o",
    "a.s",
    "v.o.s",
    "k s",
    "spol",
    "společnost s r o",
    "o.p.s",
    /* Slovenia, Croatia, Serbia, Bosnia, Montenegro, North Macedonia */
    "d.o.o",
    "d.d",
    "j.d.o.o",
    "a.d",
    "d.o.o.e.l",
    "d.n.o",
    "k.d",
    "s p",
    /* Hungary */
    "kft",
    "korlátolt felelősségű társaság",
    "zrt",
    "nyrt",
    "bt",
    "rt",
    "kkt",
    /* Bulgaria */
    "оод",
    "еоод",
    "ад",
    "еад",
    "o.o.d",
    "e.o.o.d",
    "e.a.d",
    /* Russia, Ukraine, Kazakhstan, Belarus */
    "ооо",
    "оао",
    "зао",
    "пао",
    "ао",
    "ип",
    "тоо",
    "тов",
    "прат",
    "пат",
    "oao",
    "zao",
    "pao",
    "p.j.s.c",
    "o.j.s.c",
    "c.j.s.c",
    "j.s.c",
    /* Greece, Cyprus */
    "α.ε",
    "a e",
    "ε.π.ε",
    "e.p.e",
    "ο.ε",
    "ι.κ.ε",
    "i.k.e",
    "a.β.ε.ε",
    "α.β.ε.ε",
    /* Turkey */
    "a.ş",
    "ltd şti",
    "ltd sti",
    "şti",
    "sti",
    "anonim şirketi",
    "limited şirketi",
    /* Sweden, Norway, Denmark, Finland, Iceland */
    "a.b",
    "aktiebolag",
    "publ",
    "h.b",
    "k.b",
    "as",
    "a.s.a",
    "a.n.s",
    "enk",
    "aps",
    "i s",
    "p s",
    "ivs",
    "a.m.b.a",
    "fmba",
    "oy",
    "oyj",
    "oy ab",
    "ky",
    "tmi",
    "osk",
    "hf",
    "ehf",
    "ohf",
    "slf",
    "og co",
    "och co",
    /* Estonia, Latvia, Lithuania */
    "oü",
    "aktsiaselts",
    "sia",
    "uab",
    "mb",
    /* India, Pakistan, Bangladesh */
    "pvt",
    "pvt ltd",
    "private limited",
    "private ltd",
    "p ltd",
    "p limited",
    "opc",
    "o.p.c",
    /* Singapore, Malaysia, Indonesia, Thailand, Vietnam */
    "pte",
    "pte ltd",
    "sdn.bhd",
    "sdn",
    "bhd",
    "berhad",
    "tbk",
    "persero",
    "pcl",
    "public company limited",
    "จำกัด",
    "จํากัด",
    "จำกัด มหาชน",
    "จํากัด มหาชน",
    "มหาชน",
    "tnhh",
    /* Australia, New Zealand, South Africa */
    "pty",
    "pty ltd",
    "proprietary limited",
    "proprietary ltd",
    "npc",
    /* Israel, Gulf states, Egypt */
    "בע.מ",
    "w.l.l",
    "p.s.c",
    "fze",
    "fzco",
    "fz llc",
    "fzc",
    "dmcc",
    "s.a.e",
    "s.a.o.g",
    "s.a.o.c",
    "s.a.l",
    /* Japan, in Latin letters */
    "k.k",
    "g.k",
    "y.k",
    "kabushiki kaisha",
    "kabushiki gaisha",
    "株",
    "有",
    "주",
    "유",
    /* Europe */
    "s.e",
    "s.c.e",
    "eeig",
};

/* These need no blank between them and the name. */
static const char *const ATTACHED[] = {
    "株式会社",     "株式會社",     "有限会社", "合同会社", "合資会社", "股份有限公司",
    "有限责任公司", "有限責任公司", "有限公司", "주식회사", "유한회사", "유한책임회사",
};

/* And these stand in front of the name, with a blank. */
static const char *const BEFORE[] = {
    "ооо", "оао",  "зао", "пао", "ао", "ип",   "тоо", "тов", "прат", "пат",
    "оод", "еоод", "uab", "sia", "pt", "บริษัท", "株",  "有",  "주",   "유",
};

/* The bytes of `text` before the form that it ends with; 0 when it does not, or is nothing else. */
static size_t before_form(struct lb_str text, const char *form)
{
    size_t at = text.len, n = strlen(form);
    while (n && at) {
        if (form[n - 1] == '.') {
            at -= text.ptr[at - 1] == ' ';
            n--;
        } else if (form[--n] != text.ptr[--at]) {
            return 0;
        }
    }
    return !n && at > 1 && text.ptr[at - 1] == ' ' ? at - 1 : 0;
}

static bool ends_with(struct lb_str text, struct lb_str end)
{
    return text.len > end.len && memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

/* And what follows does not combine with it? */
static bool begins_with(struct lb_str text, struct lb_str start)
{
    int32_t point;
    size_t bytes;
    return text.len > start.len && memcmp(text.ptr, start.ptr, start.len) == 0 &&
           lb_identifier_point(lb_str_skip(text, start.len), &point, &bytes) &&
           !lb_name_is_mark(point);
}

/* Is it more than a letter? */
static bool is_name(struct lb_str text)
{
    int32_t point;
    size_t bytes;
    return text.len && lb_identifier_point(text, &point, &bytes) && bytes < text.len;
}

static struct lb_str without_blanks(struct lb_str text)
{
    while (text.len && text.ptr[0] == ' ')
        text = lb_str_skip(text, 1);
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

static struct lb_str take_last(struct lb_str text)
{
    struct lb_str best = text;
    for (size_t i = 0; i < sizeof AFTER / sizeof *AFTER; i++) {
        size_t left = before_form(text, AFTER[i]);
        if (left && left < best.len)
            best.len = left;
    }
    if (best.len < text.len)
        return best;
    for (size_t i = 0; i < sizeof ATTACHED / sizeof *ATTACHED; i++)
        if (ends_with(text, lb_str(ATTACHED[i])))
            return without_blanks((struct lb_str){text.ptr, text.len - strlen(ATTACHED[i])});
    return text;
}

static struct lb_str take_first(struct lb_str text)
{
    for (size_t i = 0; i < sizeof ATTACHED / sizeof *ATTACHED; i++)
        if (begins_with(text, lb_str(ATTACHED[i])))
            return without_blanks(lb_str_skip(text, strlen(ATTACHED[i])));
    for (size_t i = 0; i < sizeof BEFORE / sizeof *BEFORE; i++) {
        size_t len = strlen(BEFORE[i]);
        if (begins_with(text, lb_str(BEFORE[i])) && text.ptr[len] == ' ')
            return lb_str_skip(text, len + 1);
    }
    return text;
}

struct lb_str lb_name_without_legal_forms(struct lb_str text)
{
    struct lb_str left = text;
    do {
        text = left;
        left = take_last(text);
        if (left.len == text.len)
            left = take_first(text);
    } while (left.len < text.len && is_name(left));
    return text;
}
