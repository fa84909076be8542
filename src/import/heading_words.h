/* The words of headings, in the languages that people's files are in. headings.c says how they are
 * looked for. All are lower case, as lb_identifier_fold_term makes them; each table ends with NULL.
 *
 * In each table: English, German, French, Spanish, Portuguese, Italian,
 * Dutch, Polish, then others. A word that is there already is not written again. Threads:
 * stateless. */
#ifndef LB_IMPORT_HEADING_WORDS_H
#define LB_IMPORT_HEADING_WORDS_H

/* Another person or thing than the person of the row. A word of the heading, or two that follow
 * each other. */
extern const char *const lb_heading_others[];

/* The same at the end of a word, in languages that write two words as one: "Kundenbetreuer". */
extern const char *const lb_heading_others_ends[];

/* The same in scripts that have no spaces between words: anywhere in the heading. */
extern const char *const lb_heading_others_anywhere[];

/* What stands before the one who did something: "Sourced by". */
extern const char *const lb_heading_by[];

/* The same, where no other word follows ("Erstellt von", not "LinkedIn von Kunden"). */
extern const char *const lb_heading_by_at_end[];

/* What a person has, and a person: by whom it was found or brought may follow, and it is not
 * theirs: "Email (found by a tool)", "Kontakt von LinkedIn". */
extern const char *const lb_heading_not_by[];

/* What is said of people who are not to be contacted: a word of the heading,
 * or two or three that follow each other. */
extern const char *const lb_heading_stops[];

/* What stands before an example, such as an address: the same. */
extern const char *const lb_heading_examples[];

/* Why a person is on the list. The best first. */
extern const char *const lb_heading_reasons[];

/* Names of LinkedIn's, by these words alone. */
extern const char *const lb_heading_identifiers[];

/* Names of LinkedIn's in a list of people there; of any system's in other files. */
extern const char *const lb_heading_usernames[];

/* Names of LinkedIn's, in a heading that says LinkedIn, too. */
extern const char *const lb_heading_linkedin_names[];

/* With these words the name is of a thing that LinkedIn has, too. */
extern const char *const lb_heading_linkedin_things[];

/* These words may stand beside LinkedIn, profile and address in the heading of a profile. */
extern const char *const lb_heading_linkedin_persons[];

/* With these words it is the person's name as it is spoken. */
extern const char *const lb_heading_spoken[];

/* LinkedIn in other scripts: anywhere in the heading. */
extern const char *const lb_heading_linkedin[];

/* A profile: a word of the heading. */
extern const char *const lb_heading_profiles[];

/* An address: a word of the heading. */
extern const char *const lb_heading_addresses[];

/* Headings of other columns: the whole heading, without what is no letter or digit. */
extern const char *const lb_heading_ordinary[];

/* The whole heading of a list in one column: of names, which may be LinkedIn's, and of other
 * things. In tables they say nothing. */
extern const char *const lb_heading_people[];
extern const char *const lb_heading_things[];

/* Fields of leads: the whole heading, as above. Of the last two it depends on the other columns
 * whether they are all of a person's name. */
extern const char *const lb_heading_first_names[];
extern const char *const lb_heading_last_names[];
extern const char *const lb_heading_companies[];
extern const char *const lb_heading_emails[];
extern const char *const lb_heading_phones[];
extern const char *const lb_heading_member_ids[];
extern const char *const lb_heading_first_or_full_names[];
extern const char *const lb_heading_last_or_full_names[];

/* Names of other types than LinkedIn's, beside the fields above: the whole heading. */
extern const char *const lb_heading_more_emails[];
extern const char *const lb_heading_more_phones[];
extern const char *const lb_heading_more_companies[];
extern const char *const lb_heading_domains[];
extern const char *const lb_heading_company_pages[];

/* Whose names they are, of the whole heading: those of companies that are what a list is about, of
 * people, and "Name", which may be either. */
extern const char *const lb_heading_customers[];
extern const char *const lb_heading_full_names[];
extern const char *const lb_heading_names[];

/* When a block ends: the whole heading. */
extern const char *const lb_heading_ends[];

/* Whether a person wants mail or not: the whole heading. */
extern const char *const lb_heading_statuses[];

/* The same: what stands in the cells of such a column. */
extern const char *const lb_status_values[];

#endif
