-- Names that are one person's. A row of kind 7 has two items for each link, a member id and a name,
-- and the link's number is that of the first; one of kind 10 is the same of pairs that are no link,
-- since a person would have too many names. A row of kind 8 has the numbers of links that are taken
-- back. Only this view is new; earlier versions must not read such rows.

-- One row an item: who linked which names, or took a link back.
CREATE VIEW link_history AS
SELECT l.number + item.key AS entry,
       w.id AS workspace_id,
       CASE l.kind WHEN 7 THEN 'link' WHEN 8 THEN 'link_end' ELSE 'link_refused' END AS event,
       CASE WHEN l.kind <> 8 THEN item.value END AS identifier,
       CASE WHEN l.kind = 8 THEN CAST(item.value AS INTEGER)
            ELSE l.number + item.key - item.key % 2 END AS link,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.at / 1000.0, 'unixepoch') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       a.email AS account_email,
       l.source,
       l.undoes
FROM blocklist_log l
JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
JOIN workspace w ON w.no = l.workspace
LEFT JOIN api_key k ON k.no = l.key
LEFT JOIN account a ON a.no = l.key
WHERE l.kind IN (7, 8, 10);
