-- Leads that earlier versions stored teach which names are one person's, in the background: each
-- campaign is noted, with the lead below which it goes on as the token (0: at the newest).
INSERT OR IGNORE INTO lead_pending (workspace, campaign, key, token)
SELECT workspace, no, '~links', 0 FROM campaign WHERE deleted_at IS NULL;
