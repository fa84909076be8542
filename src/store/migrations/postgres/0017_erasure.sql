

-- One row an item: who linked which names, or took a link back.
CREATE OR REPLACE VIEW leadblock.link_history AS
SELECT l.id + item.place - 1 AS entry,
       w.id AS workspace_id,
       CASE l.kind WHEN 7 THEN 'link' WHEN 8 THEN 'link_end' ELSE 'link_refused' END AS event,
       CASE WHEN l.kind <> 8 AND item.value NOT LIKE '=%' THEN item.value END AS identifier, -- NULL: erased
       CASE WHEN l.kind = 8 THEN item.value::bigint
            ELSE l.id + item.place - 1 - (item.place - 1) % 2 END AS link,
       to_char(to_timestamp(l.at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       a.email AS account_email,
       l.source,
       l.undoes
FROM leadblock.blocklist_log l
CROSS JOIN LATERAL unnest(string_to_array(l.items, ',')) WITH ORDINALITY AS item (value, place)
JOIN leadblock.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN leadblock.api_key k ON k.workspace_id = l.workspace_id AND k.no = l.key
LEFT JOIN (SELECT no, email FROM leadblock.account WHERE workspace_id = 0 OFFSET 0) a
    ON a.no = l.key
WHERE l.kind IN (7, 8, 10);
