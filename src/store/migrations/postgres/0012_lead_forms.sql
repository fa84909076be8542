-- What a lead is found by besides its LinkedIn names, in canonical form. Host names have their labels
-- in reverse order and a dot after each (com.acme.mail.).
ALTER TABLE leadblock.lead
    ADD COLUMN email_form   text COLLATE "C",
    ADD COLUMN phone_form   text COLLATE "C",
    ADD COLUMN page_form    text COLLATE "C",
    ADD COLUMN company_form text COLLATE "C",
    ADD COLUMN mail_host    text COLLATE "C",
    ADD COLUMN site_host    text COLLATE "C",
    ADD COLUMN formed       boolean NOT NULL DEFAULT false; -- false: these are not filled in yet
CREATE INDEX lead_by_email ON leadblock.lead (workspace_id, email_form, no)
    WHERE email_form IS NOT NULL;
CREATE INDEX lead_by_phone ON leadblock.lead (workspace_id, phone_form, no)
    WHERE phone_form IS NOT NULL;
CREATE INDEX lead_by_page ON leadblock.lead (workspace_id, page_form, no)
    WHERE page_form IS NOT NULL;
CREATE INDEX lead_by_company ON leadblock.lead (workspace_id, company_form, no)
    WHERE company_form IS NOT NULL;
CREATE INDEX lead_by_mail_host ON leadblock.lead (workspace_id, mail_host, no)
    WHERE mail_host IS NOT NULL;
CREATE INDEX lead_by_site_host ON leadblock.lead (workspace_id, site_host, no)
    WHERE site_host IS NOT NULL;
-- The program fills them in after a start, of leads that earlier versions stored.
CREATE INDEX lead_without_forms ON leadblock.lead (workspace_id, no)
    WHERE NOT formed AND (email IS NOT NULL OR phone IS NOT NULL OR website IS NOT NULL
                          OR company_url IS NOT NULL OR company_name IS NOT NULL);

-- Keys of entries (domain/blocklist/item.h) whose block began or ended, and whose leads, as there are
-- many, are still to be set aside or put back.
CREATE TABLE leadblock.lead_pending (
    workspace_id bigint NOT NULL,
    campaign     bigint NOT NULL, -- 0: the workspace's list
    key          text COLLATE "C" NOT NULL,
    token        bigint NOT NULL, -- another one each time that the key is noted
    PRIMARY KEY (workspace_id, campaign, key)
);
