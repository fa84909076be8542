-- Every row has its digest. Ids are counted in the workspace's row.
ALTER TABLE leadblock.blocklist_log ALTER COLUMN digest SET NOT NULL;
ALTER TABLE leadblock.blocklist_log DROP COLUMN token;
DROP SEQUENCE leadblock.entry_id;

-- Of the kinds that are written.
CREATE OR REPLACE VIEW leadblock.blocklist_history AS
SELECT l.id + item.place - 1 AS entry,
       w.id AS workspace_id,
       c.id AS campaign_id,                -- NULL: the workspace's own list
       c.deleted_at AS campaign_deleted_at,
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' WHEN 2 THEN 'restore'
                   ELSE 'block_again' END AS event,
       CASE WHEN l.kind IN (0, 3) THEN item.value END AS identifier,
       CASE WHEN l.kind IN (0, 3) THEN l.id + item.place - 1
            ELSE item.value::bigint END AS block_entry,
       l.reason,
       to_char(to_timestamp(l.at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source,
       l.undoes
FROM leadblock.blocklist_log l
CROSS JOIN LATERAL unnest(string_to_array(l.items, ',')) WITH ORDINALITY AS item (value, place)
JOIN leadblock.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN leadblock.campaign c ON c.workspace_id = l.workspace_id AND c.no = l.campaign
LEFT JOIN leadblock.api_key k ON k.workspace_id = l.workspace_id AND k.no = l.key
LEFT JOIN (SELECT no, email FROM leadblock.account WHERE workspace_id = 0 OFFSET 0) a
    ON a.no = l.key
WHERE l.kind <= 3;

-- Who is blocked now: people with a request whose last event is not an unblock, in campaigns that
-- still exist, by the oldest such request. An unblock that is no undo ends all earlier requests for the
-- person, also those that it does not name because there were more than 16.
CREATE OR REPLACE VIEW leadblock.blocklist_live AS
SELECT DISTINCT ON (p.workspace_id, p.campaign_id, p.identifier)
       p.entry, p.workspace_id, p.campaign_id, p.identifier, p.reason, p.at, p.key_id, p.key_name,
       p.account_email, p.source
FROM (
    SELECT b.*, taken.event AS taken_event,
           max(taken.unblocked) OVER (
               PARTITION BY b.workspace_id, b.campaign_id, b.identifier) AS ended
    FROM leadblock.blocklist_history b
    LEFT JOIN (
        SELECT h.workspace_id, h.block_entry,
               (array_agg(h.event ORDER BY h.entry DESC))[1] AS event, -- the last one
               max(h.entry) FILTER (WHERE h.event = 'unblock' AND h.undoes IS NULL) AS unblocked
        FROM leadblock.blocklist_history h
        WHERE h.event IN ('unblock', 'restore')
        GROUP BY 1, 2
    ) taken ON taken.workspace_id = b.workspace_id AND taken.block_entry = b.entry
    WHERE b.event IN ('block', 'block_again') AND b.campaign_deleted_at IS NULL
) p
WHERE p.taken_event = 'restore' OR p.taken_event IS NULL AND p.entry > coalesce(p.ended, 0)
ORDER BY p.workspace_id, p.campaign_id, p.identifier, p.entry;
