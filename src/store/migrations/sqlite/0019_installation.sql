-- The installation's own list is that of workspace 0: its rows of the log have this number, and it has
-- neither keys nor campaigns.
INSERT INTO workspace (no, id, name, plan, created_at)
VALUES (0, 'installation', 'Installation', 'agency', 0);
-- lead_pending, workspace 0: the leads of this name are looked at in every workspace.
