-- Settings of a campaign.
ALTER TABLE campaign ADD COLUMN block_on_reply INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN skip_contacted_days INTEGER NOT NULL DEFAULT 0; -- 0: off
ALTER TABLE campaign ADD COLUMN stop_colleagues INTEGER NOT NULL DEFAULT 0;
-- Of the waiting, active and paused leads, those that another campaign contacted; leads_set_aside are the others.
ALTER TABLE campaign ADD COLUMN leads_skipped INTEGER NOT NULL DEFAULT 0;
CREATE INDEX campaign_skipping ON campaign (no) WHERE leads_skipped > 0;

-- A lead is set aside because of that, not because of a block: when it was contacted. It comes back
-- when the days of its campaign have passed since.
ALTER TABLE lead ADD COLUMN contacted_at INTEGER;
CREATE INDEX lead_contacted ON lead (campaign, contacted_at) WHERE contacted_at IS NOT NULL;

-- Companies of which a person has replied in a campaign that stops colleagues then
-- (domain/outreach/restraint.h).
CREATE TABLE stopped_company (
    workspace INTEGER NOT NULL,
    campaign  INTEGER NOT NULL,
    key       TEXT NOT NULL,
    lead      INTEGER NOT NULL, -- who replied first
    at        INTEGER NOT NULL,
    PRIMARY KEY (workspace, campaign, key)
) WITHOUT ROWID;
