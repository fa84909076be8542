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
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' WHEN 2 THEN 'restore' END AS event,
       CASE l.kind WHEN 0 THEN item.value END AS identifier,
       CASE l.kind WHEN 0 THEN l.id + item.place - 1 ELSE item.value::bigint END AS block_entry,
       l.reason,
       to_char(to_timestamp(l.at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source
FROM leadblock.blocklist_log l
CROSS JOIN LATERAL unnest(string_to_array(l.items, ',')) WITH ORDINALITY AS item (value, place)
JOIN leadblock.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN leadblock.campaign c ON c.workspace_id = l.workspace_id AND c.no = l.campaign
LEFT JOIN leadblock.api_key k ON k.workspace_id = l.workspace_id AND k.no = l.key
LEFT JOIN (SELECT no, email FROM leadblock.account WHERE workspace_id = 0 OFFSET 0) a
    ON a.no = l.key
WHERE l.kind <= 2;
