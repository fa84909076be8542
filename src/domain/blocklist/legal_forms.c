/* The legal forms of companies, as they stand after their names, and of some in front. Folded as
 * names are. */
#include "domain/blocklist/name_internal.h"

#include <utf8proc.h>

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

/* Forms that are written out, which versions before 0.17 left. Where the forms above take the end
 * of one off, what they leave of it stands here. */
static const char *const WRITTEN_OUT[] = {
    /* Germany, Austria, Switzerland, Liechtenstein */
    "kommanditgesellschaft",
    "kommanditgesellschaft auf aktien",
    "offene handelsgesellschaft",
    "offene gesellschaft",
    "kollektivgesellschaft",
    "gesellschaft bürgerlichen rechts",
    "unternehmergesellschaft",
    "partnerschaftsgesellschaft",
    "eingetragene genossenschaft",
    "eingetragener verein",
    "eingetragener kaufmann",
    "eingetragene kauffrau",
    "eingetragenes einzelunternehmen",
    "eingetragener unternehmer",
    "gemeinnützige", /* GmbH */
    "società a garanzia limitata",
    "società anonima",
    /* United Kingdom, Ireland, United States, Canada */
    "limited liability partnership",
    "limited liability limited partnership",
    "limited partnership",
    "company limited by guarantee",
    "designated activity", /* company */
    "cuideachta phoiblí theoranta",
    "limitée",
    "incorporée",
    /* France, Belgium, Luxembourg, Switzerland */
    "société à responsabilité limitée",
    "société par actions simplifiée",
    "société par actions simplifiée unipersonnelle",
    "société par actions",
    "entreprise unipersonnelle à responsabilité limitée",
    "société privée à responsabilité limitée",
    "société coopérative à responsabilité limitée",
    "société coopérative",
    "société européenne",
    "société en nom collectif",
    "société en commandite simple",
    "société en commandite par actions",
    "société en commandite",
    "société civile immobilière",
    "société civile professionnelle",
    "société civile",
    "groupement d intérêt économique",
    "association sans but lucratif",
    /* Netherlands, Belgium */
    "naamloze vennootschap",
    "besloten vennootschap",
    "besloten vennootschap met beperkte aansprakelijkheid",
    "vennootschap onder firma",
    "commanditaire vennootschap",
    "gewone commanditaire vennootschap",
    "coöperatieve vennootschap",
    "coöperatieve vennootschap met beperkte aansprakelijkheid",
    "vereniging zonder winstoogmerk",
    /* Italy, San Marino */
    "società a responsabilità limitata semplificata",
    "società in nome collettivo",
    "società in accomandita semplice",
    "società in accomandita per azioni",
    "società cooperativa",
    "società cooperativa a responsabilità limitata",
    "società cooperativa per azioni",
    "società consortile a responsabilità limitata",
    "società consortile per azioni",
    "società semplice",
    /* Spain */
    "sociedad anónima unipersonal",
    "sociedad anónima laboral",
    "sociedad limitada unipersonal",
    "sociedad limitada laboral",
    "sociedad limitada nueva empresa",
    "sociedad cooperativa",
    "sociedad comanditaria",
    "comunidad de bienes",
    /* Portugal, Brazil */
    "sociedade por quotas",
    "sociedade unipessoal por quotas",
    "sociedade em comandita",
    "sociedade em nome coletivo",
    "empresa individual de responsabilidade", /* limitada */
    "microempreendedor individual",
    /* Mexico, Colombia, Peru, Chile, Argentina */
    "sociedad de responsabilidad", /* limitada */
    "sociedad de responsabilidad limitada de capital variable",
    "sociedad anónima de capital variable",
    "sociedad anónima bursátil de capital variable",
    "sociedad anónima promotora de inversión de capital variable",
    "sociedad anónima promotora de inversión",
    "sociedad anónima bursátil",
    "sociedad anónima cerrada",
    "sociedad anónima abierta",
    "sociedad por acciones",
    "sociedad por acciones simplificada",
    "sociedad anónima simplificada",
    "sociedad en comandita",
    "empresa individual de responsabilidad", /* limitada */
    /* Poland */
    "spółka komandytowo akcyjna",
    "spółka jawna",
    "spółka partnerska",
    "spółka cywilna",
    /* Czechia, Slovakia */
    "společnost s ručením omezeným",
    "akciová společnost",
    "veřejná obchodní společnost",
    "komanditní společnost",
    "spoločnosť s ručením obmedzeným",
    "akciová spoločnosť",
    "verejná obchodná spoločnosť",
    "komanditná spoločnosť",
    /* Slovenia, Croatia, Serbia, Bosnia, Montenegro */
    "družba z omejeno odgovornostjo",
    "delniška družba",
    "društvo s ograničenom odgovornošću",
    "društvo sa ograničenom odgovornošću",
    "dioničko društvo",
    "akcionarsko društvo",
    /* Hungary */
    "részvénytársaság",
    "zártkörűen működő részvénytársaság",
    "nyilvánosan működő részvénytársaság",
    "betéti társaság",
    "közkereseti társaság",
    /* Romania, Moldova */
    "societate cu răspundere limitată",
    "societate pe acțiuni",
    /* Bulgaria */
    "дружество с ограничена отговорност",
    "еднолично дружество с ограничена отговорност",
    "акционерно дружество",
    "еднолично акционерно дружество",
    /* Russia, Ukraine */
    "общество с ограниченной ответственностью",
    "акционерное общество",
    "публичное акционерное общество",
    "закрытое акционерное общество",
    "открытое акционерное общество",
    "товариство з обмеженою відповідальністю",
    "акціонерне товариство",
    "приватне акціонерне товариство",
    "публічне акціонерне товариство",
    /* Greece, Cyprus */
    "ανώνυμη εταιρεία",
    "ανώνυμη εταιρία",
    "εταιρεία περιορισμένησ ευθύνησ",
    "ιδιωτική κεφαλαιουχική εταιρεία",
    "ομόρρυθμη εταιρεία",
    "ετερόρρυθμη εταιρεία",
    /* Turkey */
    "kollektif şirketi",
    "komandit şirketi",
    /* Denmark, Norway */
    "aktieselskab",
    "anpartsselskab",
    "interessentskab",
    "kommanditselskab",
    "partnerselskab",
    "iværksætterselskab",
    "aksjeselskap",
    "allmennaksjeselskap",
    "ansvarlig selskap",
    "kommandittselskap",
    "enkeltpersonforetak",
    /* Sweden, Finland, Iceland */
    "handelsbolag",
    "kommanditbolag",
    "osakeyhtiö",
    "julkinen osakeyhtiö",
    "avoin yhtiö",
    "kommandiittiyhtiö",
    "osuuskunta",
    "hlutafélag",
    "einkahlutafélag",
    /* Estonia, Latvia, Lithuania */
    "osaühing",
    "täisühing",
    "usaldusühing",
    "sabiedrība ar ierobežotu atbildību",
    "akciju sabiedrība",
    "uždaroji akcinė bendrovė",
    "akcinė bendrovė",
    "mažoji bendrija",
    /* Malaysia, Israel, Europe */
    "sendirian", /* berhad */
    "בעירבון מוגבל",
    "societas europaea",
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

/* Takes the last code point off. */
static int32_t last_point(const char *text, size_t *len)
{
    int32_t point = 0;
    size_t bytes, end = *len;
    while (*len && (text[--*len] & 0xc0) == 0x80)
        ;
    lb_identifier_point((struct lb_str){text + *len, end - *len}, &point, &bytes);
    return point;
}

/* A letter without its marks. */
static int32_t base_of(int32_t point)
{
    static const int32_t STROKES[][2] = {{0xe6, 'a'}, {0xf8, 'o'}, {0x111, 'd'}, {0x142, 'l'}};
    utf8proc_int32_t parts[4] = {0};
    int last = 0;
    for (size_t i = 0; i < sizeof STROKES / sizeof *STROKES; i++)
        if (point == STROKES[i][0])
            return STROKES[i][1];
    return utf8proc_decompose_char(point, parts, 4, UTF8PROC_DECOMPOSE, &last) > 0 ? parts[0]
                                                                                   : point;
}

/* Takes the last letter off both, when it is the same, perhaps without its marks, or with e in
 * their place. Capitals of Turkish are folded to i and a dot. */
static bool take_letter(const char *form, size_t *n, const char *text, size_t *at)
{
    bool plain = !((form[*n - 1] | text[*at - 1]) & 0x80); /* nearly always */
    if (plain)
        return form[--*n] == text[--*at];
    int32_t own = last_point(form, n), other = last_point(text, at);
    if (own == 'i' && other == 0x307 && *at)
        other = last_point(text, at);
    if (own == other)
        return true;
    if (own < 0x80 || own > 0x3ff) /* Latin and Greek ones with marks alone */
        return false;
    int32_t base = base_of(own);
    bool written_ae = *n > 1 && other == 'e' && *at && /* not that of "oü" */
                      (base == 'a' || base == 'o' || base == 'u') && text[*at - 1] == base;
    *at -= written_ae;
    return written_ae || base_of(other) == base;
}

/* The bytes of `text` before the form that it ends with; 0 when it does not, or is nothing else.
 * `loosely`: letters may lack their marks. */
static size_t before_form(struct lb_str text, const char *form, bool loosely)
{
    size_t at = text.len, n = strlen(form);
    while (n && at) {
        if (form[n - 1] == '.') {
            at -= text.ptr[at - 1] == ' ';
            n--;
        } else if (loosely ? !take_letter(form, &n, text.ptr, &at) : form[--n] != text.ptr[--at]) {
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

/* Takes the longest of these forms off. */
static struct lb_str take_longest(struct lb_str text, const char *const *forms, size_t count,
                                  bool loosely)
{
    struct lb_str best = text;
    for (size_t i = 0; i < count; i++) {
        size_t left = before_form(text, forms[i], loosely);
        if (left && left < best.len)
            best.len = left;
    }
    return best;
}

static struct lb_str take_last(struct lb_str text)
{
    struct lb_str best = take_longest(text, AFTER, sizeof AFTER / sizeof *AFTER, false);
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

static struct lb_str take_written_out(struct lb_str text)
{
    struct lb_str one =
        take_longest(text, WRITTEN_OUT, sizeof WRITTEN_OUT / sizeof *WRITTEN_OUT, true);
    struct lb_str other = take_longest(text, AFTER, sizeof AFTER / sizeof *AFTER, true);
    return one.len < other.len ? one : other;
}

/* What earlier versions took off goes first: so the name that they left and the whole one come to
 * the same, and what is stored goes on to hold. */
struct lb_str lb_name_without_legal_forms(struct lb_str text, bool as_earlier)
{
    struct lb_str left = text;
    do {
        text = left;
        left = take_last(text);
        if (left.len == text.len)
            left = take_first(text);
        if (left.len == text.len && !as_earlier)
            left = take_written_out(text);
    } while (left.len < text.len && is_name(left));
    return text;
}
