-- A lead gave its name, a member id, to another one of its campaign, which is the same person. It is
-- still found by it: what was handed out for it counts, and an erasure takes it.
ALTER TABLE leadblock.lead ADD COLUMN gave_way boolean NOT NULL DEFAULT false;
UPDATE leadblock.lead SET gave_way = true
    WHERE member_id IS NULL AND left(identifier, 5) IN ('ACoAA', 'ACwAA')
    AND NOT EXISTS (SELECT 1 FROM leadblock.lead_name n WHERE n.workspace_id = lead.workspace_id
                    AND n.name = lead.identifier AND n.campaign = lead.campaign
                    AND n.lead = lead.no);
CREATE INDEX lead_gave_way ON leadblock.lead (workspace_id, identifier) WHERE gave_way;
