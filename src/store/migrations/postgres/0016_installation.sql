-- The installation's own list is that of workspace 0: its rows of the log have this number, and it has
-- neither keys nor campaigns. Its writers alone lock it.
INSERT INTO leadblock.workspace (workspace_id, id, name, plan, created_at, access_version)
VALUES (0, 'installation', 'Installation', 'agency', 0, 1);
-- lead_pending, workspace_id 0: the leads of this name are looked at in every workspace.
