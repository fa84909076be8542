-- A lead gave its name, a member id, to another one of its campaign, which is the same person. It is
-- still found by it: what was handed out for it counts, and an erasure takes it.
ALTER TABLE lead ADD COLUMN gave_way INTEGER NOT NULL DEFAULT 0;
UPDATE lead SET gave_way = 1
    WHERE member_id IS NULL AND substr(identifier, 1, 5) IN ('ACoAA', 'ACwAA')
    AND NOT EXISTS (SELECT 1 FROM lead_name n WHERE n.workspace = lead.workspace
                    AND n.name = lead.identifier AND n.campaign = lead.campaign
                    AND n.lead = lead.no);
CREATE INDEX lead_gave_way ON lead (workspace, identifier) WHERE gave_way = 1;
