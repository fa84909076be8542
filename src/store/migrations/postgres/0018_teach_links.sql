-- Leads that earlier versions stored teach which names are one person's, in the background: each
-- campaign is noted, with the lead below which it goes on as the token (0: at the newest).
INSERT INTO leadblock.lead_pending (workspace_id, campaign, key, token)
SELECT workspace_id, no, '~links', 0 FROM leadblock.campaign WHERE deleted_at IS NULL
ON CONFLICT DO NOTHING;
