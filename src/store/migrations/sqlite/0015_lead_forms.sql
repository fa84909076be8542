-- What a lead is found by besides its LinkedIn names, in canonical form. Host names have their labels
-- in reverse order and a dot after each (com.acme.mail.).
ALTER TABLE lead ADD COLUMN email_form TEXT;
ALTER TABLE lead ADD COLUMN phone_form TEXT;
ALTER TABLE lead ADD COLUMN page_form TEXT;
ALTER TABLE lead ADD COLUMN company_form TEXT;
ALTER TABLE lead ADD COLUMN mail_host TEXT;
ALTER TABLE lead ADD COLUMN site_host TEXT;
ALTER TABLE lead ADD COLUMN formed INTEGER NOT NULL DEFAULT 0; -- 0: these are not filled in yet
CREATE INDEX lead_by_email ON lead (workspace, email_form) WHERE email_form IS NOT NULL;
CREATE INDEX lead_by_phone ON lead (workspace, phone_form) WHERE phone_form IS NOT NULL;
CREATE INDEX lead_by_page ON lead (workspace, page_form) WHERE page_form IS NOT NULL;
CREATE INDEX lead_by_company ON lead (workspace, company_form) WHERE company_form IS NOT NULL;
CREATE INDEX lead_by_mail_host ON lead (workspace, mail_host) WHERE mail_host IS NOT NULL;
CREATE INDEX lead_by_site_host ON lead (workspace, site_host) WHERE site_host IS NOT NULL;
-- The program fills them in after a start, of leads that earlier versions stored.
CREATE INDEX lead_without_forms ON lead (workspace)
    WHERE formed = 0 AND (email IS NOT NULL OR phone IS NOT NULL OR website IS NOT NULL
                          OR company_url IS NOT NULL OR company_name IS NOT NULL);

-- Keys of entries (domain/blocklist/item.h) whose block began or ended, and whose leads, as there are
-- many, are still to be set aside or put back.
CREATE TABLE lead_pending (
    workspace INTEGER NOT NULL,
    campaign  INTEGER NOT NULL, -- 0: the workspace's list
    key       TEXT NOT NULL,
    token     INTEGER NOT NULL, -- another one each time that the key is noted
    PRIMARY KEY (workspace, campaign, key)
) WITHOUT ROWID;
