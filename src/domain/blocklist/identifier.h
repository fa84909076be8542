/* Public identifiers: the user-name part of a LinkedIn profile URL, in one canonical form, so that
 * one person is one record in any spelling of the name (docs/api.md, section 2).
 *
 * What every other module may rely on: a canonical form is valid UTF-8 of 1 to 100 code points:
 * letters, marks, numbers, symbols, - _ U+2019 and U+00B7, so no white space, no control, format or
 * other invisible character, and nothing that means something in a URL, a CSV file or HTML. It is
 * its own canonical form: normalising it again gives the same bytes. Two spellings are the same
 * lead exactly when their canonical forms are equal byte for byte.
 *
 * The parts: identifier.c (the order of the steps, plain names), identifier_text.c (white space,
 * encoding), identifier_address.c (URLs), identifier_fold.c (Unicode), identifier_rules.c (what is
 * no name, and why), identifier_before.c (names that are stored already).
 *
 * Threads: stateless. Nothing here blocks; only lb_identifier_fold_term may allocate, in its
 * output. */
#ifndef LB_DOMAIN_BLOCKLIST_IDENTIFIER_H
#define LB_DOMAIN_BLOCKLIST_IDENTIFIER_H

#include "base/buf.h"

#define LB_IDENTIFIER_MAX_CODE_POINTS 100
#define LB_IDENTIFIER_SIZE            401  /* bytes of the longest canonical form with its NUL */
#define LB_IDENTIFIER_RAW_MAX         8192 /* bytes of the longest spelling that is looked at */

struct lb_identifier {
    uint16_t len; /* bytes, without the NUL */
    bool bare;    /* written as a name alone, not as an address or URN */
    bool plain;   /* and as it is here, but for upper case */
    char text[LB_IDENTIFIER_SIZE];
};

/* Brings any spelling (a name, "in/name", a profile URL, a URN of a member; percent-encoded or not)
 * into its canonical form. `raw` is any bytes and may not overlap `out`. NULL on success; else the
 * reason, in words for the person who wrote it: in static storage or in `out`, which holds nothing
 * else of use then. Copy it before `out` ends or is used again.
 *
 * Plain names, [A-Za-z0-9_-], take a fast path; member ids (ACoAA or ACwAA and at least 30 more of
 * these characters) are plain names whose case is kept. For the rest: NFC, full case folding, NFC
 * (Unicode, as utf8proc has it), until nothing changes. */
const char *lb_identifier_normalise(struct lb_str raw, struct lb_identifier *out);

/* Some bare names are names to the normaliser and yet most likely something else: "nan", "none" and
 * "name_search", and where a person would be added (`adds`) also digits alone. NULL, or the reason
 * for refusing the name unless it is stored already; static storage. */
const char *lb_identifier_judge_doubt(const struct lb_identifier *identifier, bool adds);

static inline const char *lb_identifier_doubt(const struct lb_identifier *identifier, bool adds)
{
    char first = identifier->text[0]; /* which tells nearly all names from those */
    bool possible = first == 'n' || (adds && first >= '0' && first <= '9');
    return possible ? lb_identifier_judge_doubt(identifier, adds) : NULL;
}

/* The form under which a stored name holds, which was canonical when it was stored: its canonical
 * form of today, in `out`; or `stored` itself, when that is the same or the name would be refused
 * today. */
struct lb_str lb_identifier_held(struct lb_str stored, struct lb_identifier *out);

/* The form under which a string may be stored because of the rules before these. `today`: its
 * canonical form; NULL when it is refused. False when it had none, or has the same today, as has
 * all that is good and plain. */
bool lb_identifier_before(struct lb_str raw, const struct lb_identifier *today,
                          struct lb_identifier *out);

/* Is this canonical form one of LinkedIn's opaque member ids? They alone keep their upper case. */
bool lb_identifier_is_member_id(struct lb_str canonical);

/* Appends the search term `raw` to `out`. What is a name in any spelling, such as a pasted address,
 * becomes the name, or the one that it was before (lb_identifier_before); anything else is folded
 * as identifiers are and under none of their other rules.
 * False, with nothing appended, when it is not valid UTF-8 or so long (over 400 code points) that
 * it is part of no identifier, and when out of memory (then `out->failed` is set).
 * The term is lower case, also when it is a member id: the searcher folds those for comparing. */
bool lb_identifier_fold_term(struct lb_str raw, struct lb_buf *out);

/* The version of utf8proc that runs. */
const char *lb_identifier_library_version(void);

#endif
