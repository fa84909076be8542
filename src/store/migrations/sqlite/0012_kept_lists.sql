-- The blocklist of a campaign is kept when the campaign is deleted, until it is ended as well. Those
-- of campaigns that earlier versions deleted have ended.
ALTER TABLE campaign ADD COLUMN list_ended_at INTEGER; -- its blocklist; NULL: it stands, or is kept
UPDATE campaign SET list_ended_at = deleted_at WHERE deleted_at IS NOT NULL;
CREATE UNIQUE INDEX campaign_kept ON campaign (workspace, id)
    WHERE deleted_at IS NOT NULL AND list_ended_at IS NULL;

DROP VIEW blocklist_live;
DROP VIEW blocklist_history;

-- One row an event: who blocked or unblocked whom, where, when, why and from where. Entries are
-- numbered in their workspace. 'carried_over' is about a list as a whole, which a new campaign of the
-- same id has taken over; 'left_out' says that a request counts no more, because there were more
-- than 16 for the person.
CREATE VIEW blocklist_history AS
SELECT l.number + item.key AS entry,
       w.id AS workspace_id,
       c.id AS campaign_id,                -- NULL: the workspace's own list
       c.deleted_at AS campaign_deleted_at,
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' WHEN 2 THEN 'restore'
                   WHEN 3 THEN 'block_again' WHEN 5 THEN 'carried_over' ELSE 'left_out'
           END AS event,
       CASE WHEN l.kind IN (0, 3) THEN item.value END AS identifier,
       CASE WHEN l.kind IN (0, 3) THEN l.number + item.key
            WHEN l.kind <> 5 THEN CAST(item.value AS INTEGER) END AS block_entry,
       l.reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.at / 1000.0, 'unixepoch') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source,
       l.undoes,
       c.list_ended_at AS list_ended_at
FROM blocklist_log l
JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
JOIN workspace w ON w.no = l.workspace
LEFT JOIN campaign c ON c.no = l.campaign
LEFT JOIN api_key k ON k.no = l.key
LEFT JOIN account a ON a.no = l.key
WHERE l.kind IN (0, 1, 2, 3, 5, 9);

-- Who is blocked now: people with a request that nothing has taken back, in lists that have not
-- ended, by the oldest such request. A request may be taken back twice, by an unblock and by an undo of
-- its change: it stands when as much was restored. An unblock that is no undo ends all earlier
-- requests for the person, also those that it does not name because there were more than 16.
CREATE VIEW blocklist_live AS
SELECT min(entry) AS entry, workspace_id, campaign_id, identifier, reason, at, key_id, key_name,
       account_email, source
FROM (
    SELECT b.*, taken.times,
           max(taken.unblocked) OVER (
               PARTITION BY b.workspace_id, b.campaign_id, b.identifier) AS ended
    FROM blocklist_history b
    LEFT JOIN (
        SELECT w.id AS workspace_id, CAST(item.value AS INTEGER) AS block_entry,
               sum(CASE l.kind WHEN 2 THEN -1 ELSE 1 END) AS times, -- how often it is taken back
               max(CASE WHEN l.kind = 1 AND l.undoes IS NULL THEN l.number + item.key END)
                   AS unblocked
        FROM blocklist_log l
        JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
        JOIN workspace w ON w.no = l.workspace
        WHERE l.kind IN (1, 2, 9)
        GROUP BY 1, 2
    ) taken ON taken.workspace_id = b.workspace_id AND taken.block_entry = b.entry
    WHERE b.event IN ('block', 'block_again') AND b.list_ended_at IS NULL
)
WHERE times = 0 OR times IS NULL AND entry > coalesce(ended, 0)
GROUP BY workspace_id, campaign_id, identifier;
