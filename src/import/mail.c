#include "import/mail.h"

#include "import/rows.h"

#include <strings.h>

const char lb_import_word_of_mail[] =
    "is a word of a mail; if it is a LinkedIn name, send its address, or names without the mail";

/* Of a mail's head: English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, others.
 */
static const char *const HEADS[] = {
    "subject",  "from",  "to", "cc",     "date", "sent",    "betreff", "von",       "an",
    "gesendet", "objet", "de", "asunto", "para", "assunto", "oggetto", "onderwerp", "van",
    "aan",      "temat", "od", "emne",   "re",   "aw",      "fwd",     "fw",        "wg"};

static const char *const GREETINGS[] = {
    /* English */
    "hi", "hello", "hey", "dear", "good morning", "good afternoon", "good evening", "greetings",
    /* German, French */
    "hallo", "guten tag", "guten morgen", "sehr geehrte", "sehr geehrter", "liebe", "lieber",
    "moin", "servus", "bonjour", "bonsoir", "salut", "madame", "monsieur",
    /* Spanish, Portuguese, Italian */
    "hola", "estimado", "estimada", "estimados", "buenos días", "buenas tardes", "olá", "bom dia",
    "boa tarde", "prezado", "prezada", "prezados", "ciao", "buongiorno", "buonasera", "gentile",
    "gentili",
    /* Dutch, Polish; Swedish, Danish, Norwegian */
    "beste", "geachte", "goedemorgen", "goedemiddag", "cześć", "dzień dobry", "witam", "szanowni",
    "szanowny", "szanowna", "hej", "hei"};

/* Words that stand in lines of their own at the end. */
static const char *const CLOSINGS[] = {
    /* English */
    "thanks", "regards", "best", "cheers", "sincerely", "please", "bye",
    /* German, French */
    "danke", "bitte", "gruss", "grüsse", "lg", "vg", "mfg", "merci", "cordialement",
    /* Spanish, Portuguese, Italian */
    "gracias", "saludos", "obrigado", "obrigada", "abraço", "grazie", "saluti", "cordiali",
    /* Dutch, Polish; Swedish, Danish, Norwegian */
    "bedankt", "groet", "groeten", "dziękuję", "pozdrawiam", "tack", "tak", "takk", "hilsen",
    "mvh"};

static bool begins(struct lb_str line, const char *word)
{
    size_t len = strlen(word);
    return line.len > len && strncasecmp(line.ptr, word, len) == 0;
}

static bool has_head(struct lb_str line)
{
    const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
    struct lb_str head = {line.ptr, colon ? (size_t)(colon - line.ptr) : 0};
    head = lb_import_trim(head); /* French has a blank before it */
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++)
        if (head.len == strlen(HEADS[i]) && strncasecmp(head.ptr, HEADS[i], head.len) == 0)
            return true;
    return false;
}

/* Is there a part with a blank in it? "Hi Anna," has one; "hi, ann-b" is a list of names. */
static bool has_words(struct lb_str line)
{
    for (size_t i = 1; i + 1 < line.len; i++)
        if (line.ptr[i] == ' ' && !strchr(" ,;\t|", line.ptr[i - 1]) &&
            !strchr(" ,;\t|", line.ptr[i + 1]))
            return true;
    return false;
}

bool lb_import_begins_mail(struct lb_str line)
{
    while (line.len && (line.ptr[0] == '>' || line.ptr[0] == ' ')) /* quoted */
        line = lb_str_skip(line, 1);
    if (has_head(line))
        return true;
    for (size_t i = 0; i < sizeof GREETINGS / sizeof *GREETINGS; i++) {
        if (!begins(line, GREETINGS[i]))
            continue;
        struct lb_str rest = lb_str_skip(line, strlen(GREETINGS[i]));
        if (!strchr(" ,!.:", rest.ptr[0]))
            continue;
        while (rest.len && strchr(" ,!.:", rest.ptr[0]))
            rest = lb_str_skip(rest, 1);
        if (!rest.len || has_words(line))
            return true;
    }
    return false;
}

static bool is_greeting(struct lb_str name)
{
    for (size_t i = 0; i < sizeof GREETINGS / sizeof *GREETINGS; i++)
        if (lb_str_equal(name, lb_str(GREETINGS[i])))
            return true;
    for (size_t i = 0; i < sizeof CLOSINGS / sizeof *CLOSINGS; i++)
        if (lb_str_equal(name, lb_str(CLOSINGS[i])))
            return true;
    return false;
}

/* A capital letter, as signatures begin with one. */
static bool has_capital(struct lb_str part, struct lb_str name)
{
    if (memchr(part.ptr, '%', part.len)) /* encoded */
        return false;
    for (size_t i = 0; i < part.len; i++)
        if (part.ptr[i] >= 'A' && part.ptr[i] <= 'Z')
            return true;
    return part.len > 1 && part.len == name.len && memcmp(part.ptr, name.ptr, 2) != 0;
}

bool lb_import_is_word_of_mail(struct lb_str part, const struct lb_identifier *name)
{
    struct lb_str text = {name->text, name->len};
    bool sign = false;
    if (!name->bare)
        return false;
    for (size_t i = 0; i < text.len; i++)
        sign = sign || text.ptr[i] == '-' || (text.ptr[i] >= '0' && text.ptr[i] <= '9');
    return is_greeting(text) || (!sign && has_capital(part, text));
}
