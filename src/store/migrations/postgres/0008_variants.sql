-- Variants of the texts that steps send, and more of what is known of leads.

CREATE SEQUENCE leadblock.variant_no MAXVALUE 4294967295;

CREATE TABLE leadblock.step_variant (
    workspace_id bigint NOT NULL,
    no           bigint NOT NULL,  -- also their order
    campaign     bigint NOT NULL,
    step         bigint NOT NULL,
    body         text NOT NULL,    -- a template
    icp          text,             -- whom it is for, in the client's words
    disabled     boolean NOT NULL,
    done         bigint NOT NULL,  -- activities with it that went out
    accepted     bigint NOT NULL,  -- leads who are known by it to have accepted their invitation
    replied      bigint NOT NULL,
    PRIMARY KEY (workspace_id, no)
) WITH (fillfactor = 70);
CREATE INDEX step_variant_by_step ON leadblock.step_variant (workspace_id, campaign, step, no);

ALTER TABLE leadblock.activity ADD COLUMN variant bigint; -- whose text was handed out

ALTER TABLE leadblock.lead ADD COLUMN email text;
ALTER TABLE leadblock.lead ADD COLUMN phone text;
ALTER TABLE leadblock.lead ADD COLUMN headline text;
ALTER TABLE leadblock.lead ADD COLUMN website text;
ALTER TABLE leadblock.lead ADD COLUMN company_url text;
-- lead.marks has one more bit: 16 opted out.
