-- The old log was copied, and compared with its copy. It is emptied by the program before the next
-- migration, in steps.
DROP VIEW blocklist_live;
DROP VIEW blocklist_history;
DROP INDEX blocklist_log_undoes;
ALTER TABLE blocklist_log RENAME TO blocklist_log_old;
ALTER TABLE blocklist_log_next RENAME TO blocklist_log;
CREATE INDEX blocklist_log_undoes ON blocklist_log (workspace, undoes) WHERE undoes IS NOT NULL;

-- One row an event: who blocked or unblocked whom, where, when, why and from where. Entries are
-- numbered in their workspace.
CREATE VIEW blocklist_history AS
SELECT l.number + item.key AS entry,
       w.id AS workspace_id,
       c.id AS campaign_id,                -- NULL: the workspace's own list
       c.deleted_at AS campaign_deleted_at,
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' WHEN 2 THEN 'restore'
                   ELSE 'block_again' END AS event,
       CASE WHEN l.kind IN (0, 3) THEN item.value END AS identifier,
       CASE WHEN l.kind IN (0, 3) THEN l.number + item.key
            ELSE CAST(item.value AS INTEGER) END AS block_entry,
       l.reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.at / 1000.0, 'unixepoch') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source,
       l.undoes
FROM blocklist_log l
JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
JOIN workspace w ON w.no = l.workspace
LEFT JOIN campaign c ON c.no = l.campaign
LEFT JOIN api_key k ON k.no = l.key
LEFT JOIN account a ON a.no = l.key
WHERE l.kind <= 3;

-- Who is blocked now: people with a request whose last event is not an unblock, in campaigns that
-- still exist, by the oldest such request. An unblock that is no undo ends all earlier requests for the
-- person, also those that it does not name because there were more than 16.
CREATE VIEW blocklist_live AS
SELECT min(entry) AS entry, workspace_id, campaign_id, identifier, reason, at, key_id, key_name,
       account_email, source
FROM (
    SELECT b.*, taken.kind AS taken_kind,
           max(taken.unblocked) OVER (
               PARTITION BY b.workspace_id, b.campaign_id, b.identifier) AS ended
    FROM blocklist_history b
    LEFT JOIN (
        SELECT w.id AS workspace_id, CAST(item.value AS INTEGER) AS block_entry,
               max(l.id * 4 + l.kind) & 3 AS kind, -- of the last row
               max(CASE WHEN l.kind = 1 AND l.undoes IS NULL THEN l.number + item.key END)
                   AS unblocked
        FROM blocklist_log l
        JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
        JOIN workspace w ON w.no = l.workspace
        WHERE l.kind IN (1, 2)
        GROUP BY 1, 2
    ) taken ON taken.workspace_id = b.workspace_id AND taken.block_entry = b.entry
    WHERE b.event IN ('block', 'block_again') AND b.campaign_deleted_at IS NULL
)
WHERE taken_kind = 2 OR taken_kind IS NULL AND entry > coalesce(ended, 0)
GROUP BY workspace_id, campaign_id, identifier;
