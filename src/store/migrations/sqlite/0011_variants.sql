-- Variants of the texts that steps send, and more of what is known of leads.

CREATE TABLE step_variant (
    no        INTEGER PRIMARY KEY AUTOINCREMENT, -- also their order
    workspace INTEGER NOT NULL,
    campaign  INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    body      TEXT NOT NULL,    -- a template
    icp       TEXT,             -- whom it is for, in the client's words
    disabled  INTEGER NOT NULL,
    done      INTEGER NOT NULL, -- activities with it that went out
    accepted  INTEGER NOT NULL, -- leads who are known by it to have accepted their invitation
    replied   INTEGER NOT NULL
);
CREATE INDEX step_variant_by_step ON step_variant (campaign, step, no);

ALTER TABLE activity ADD COLUMN variant INTEGER; -- whose text was handed out: step_variant.no

ALTER TABLE lead ADD COLUMN email TEXT;
ALTER TABLE lead ADD COLUMN phone TEXT;
ALTER TABLE lead ADD COLUMN headline TEXT;
ALTER TABLE lead ADD COLUMN website TEXT;
ALTER TABLE lead ADD COLUMN company_url TEXT;
-- lead.marks has one more bit: 16 opted out.
