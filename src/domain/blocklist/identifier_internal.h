/* What the files of the identifiers share; see identifier.h. Stateless. A reason is NULL when all
 * is well, else in static storage or in `out`. */
#ifndef LB_DOMAIN_BLOCKLIST_IDENTIFIER_INTERNAL_H
#define LB_DOMAIN_BLOCKLIST_IDENTIFIER_INTERNAL_H

#include "domain/blocklist/identifier.h"

/* Code points of the longest string that could have a canonical form, and of work space for it. A
 * form of 100 decomposes into at most 400, and each of these into at most 4. */
#define LB_FOLD_TEXT_MAX (4 * LB_IDENTIFIER_MAX_CODE_POINTS)
#define LB_FOLD_POINTS   (4 * LB_FOLD_TEXT_MAX)

/* What a byte of a plain name becomes; 0 for bytes that no plain name has. */
extern const unsigned char lb_identifier_plain[256];

static inline unsigned char lb_ascii_lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool lb_ascii_equals_lower(struct lb_str text, struct lb_str lower_case);
bool lb_ascii_starts_lower(struct lb_str text, struct lb_str lower_case);
/* Does `lower_case` stand anywhere in the text, in any case? */
bool lb_ascii_holds_lower(struct lb_str text, struct lb_str lower_case);

/* --- identifier_text.c: characters, before it is known what they spell --- */

extern const char lb_identifier_not_utf8[];
extern const char lb_identifier_white_space[];
extern const char lb_identifier_control[];

/* The code point at the start of `text` (which is not empty) and its bytes; false when the bytes
 * there are not UTF-8. */
bool lb_identifier_point(struct lb_str text, int32_t *out_point, size_t *out_bytes);

bool lb_identifier_is_white_space(int32_t point);
bool lb_identifier_is_control(int32_t point);
/* Has the point the property Default_Ignorable_Code_Point? */
bool lb_identifier_is_ignorable(int32_t point);

/* Takes white space, and ignorable characters, too, off both ends. What is left may hold no white
 * space and no control character, even where a URL is cut off: two URLs in one line must not pass
 * for the first of them. */
const char *lb_identifier_trim(struct lb_str *text, bool ignorable_too);

/* Takes closing punctuation off the end: that of the sentence or the markup around an address. */
void lb_identifier_trim_closing(struct lb_str *text);

/* Copies valid UTF-8 to `out`, which may be where it is, and returns its length there, which is not
 * greater. Full-width forms of ASCII become ASCII. With `drop`, characters that only join or style
 * others are left out. */
size_t lb_identifier_clean(struct lb_str text, bool drop, char *out);

/* Percent-decodes in place, and once or twice more what is still encoded then. */
const char *lb_identifier_decode(char *text, size_t *len);
const char *lb_identifier_decode_once(char *text, size_t *len);

/* --- identifier_fold.c: code points --- */

/* Reads `text` into `points`, room for LB_FOLD_TEXT_MAX. What is longer is too long in any
 * composition: NFC makes one code point out of 4 at most. */
const char *lb_identifier_read_points(struct lb_str text, int32_t *points, size_t *out_count);

/* NFC, full case folding, NFC, until nothing changes; `points` has room for LB_FOLD_POINTS. */
const char *lb_identifier_fold(int32_t *points, size_t *count);
/* The same with NFKC. */
const char *lb_identifier_fold_compatible(int32_t *points, size_t *count);

/* The UTF-8 of the points; returns its length. */
size_t lb_identifier_encode(const int32_t *points, size_t count, char *out);

/* --- identifier_address.c --- */

/* What a string that holds a name is, as far as its form tells. */
enum lb_identifier_form { LB_FORM_NAME, LB_FORM_ADDRESS, LB_FORM_SALES };

/* Finds the name, still percent-encoded, in a trimmed string. What is no address is a name as it
 * stands. Punctuation `closes` an address, of which there may be one; else it is part of it, and
 * the first address counts. */
const char *lb_identifier_find(struct lb_str text, bool closes, struct lb_str *out,
                               enum lb_identifier_form *out_form);

/* --- identifier_rules.c: what a name may be --- */

extern const char lb_identifier_too_long[];
extern const char lb_identifier_two[];

/* Is all of it [A-Za-z0-9_-]? */
bool lb_identifier_is_plain(struct lb_str text);

/* Rules for the characters of a canonical form. */
const char *lb_identifier_check_points(const int32_t *points, size_t count,
                                       struct lb_identifier *out);

/* Rules for names that are spelled well, and are something else. `given`: as it was before folding,
 * if it is plain. `out` holds the canonical form. */
const char *lb_identifier_check_kind(struct lb_str given, struct lb_identifier *out);

/* Takes the id out of a decoded "urn:li:...", or out of "ID,..." of a Sales Navigator URL. */
const char *lb_identifier_member_of_urn(struct lb_str urn, struct lb_str *out_id,
                                        struct lb_identifier *out);
struct lb_str lb_identifier_member_of_sales(struct lb_str segment);

/* The canonical form of such an id must be one of a member. */
const char *lb_identifier_check_member(const struct lb_identifier *out);

#endif
