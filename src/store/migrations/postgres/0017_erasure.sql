-- Erasure of people (docs/privacy.md). Texts that were erased from the log stand there as '=' and a
-- commitment, in rows that have salts in place of the seed (docs/storage.md, The chain). People who are
-- blocked after that stand in it as '~' and a keyed hash of their name.

-- The key of these hashes. There is one, made with the first erasure. It belongs to the installation.
CREATE TABLE leadblock.erasure_key (
    workspace_id bigint NOT NULL, -- 0
    no           bigint NOT NULL CHECK (no = 1),
    key          bytea NOT NULL,  -- 32 bytes: secret
    created_at   bigint NOT NULL, -- milliseconds since 1970 UTC
    PRIMARY KEY (workspace_id, no)
);

-- Names that were erased, so that a backup from before that is erased, too, when it is restored.
CREATE TABLE leadblock.erased_name (
    workspace_id bigint NOT NULL,
    tag          bytea NOT NULL,  -- the hash, 24 bytes
    at           bigint NOT NULL, -- milliseconds since 1970 UTC
    PRIMARY KEY (workspace_id, tag)
);

-- 'carried_over' is about a list as a whole, which a new campaign of the same id has taken over;
-- 'left_out' says that a request counts no more, because there were more than 16 for the person.
CREATE OR REPLACE VIEW leadblock.blocklist_history AS
SELECT l.id + item.place - 1 AS entry,
       w.id AS workspace_id,
       c.id AS campaign_id,                -- NULL: the workspace's own list
       c.deleted_at AS campaign_deleted_at,
       CASE l.kind WHEN 0 THEN 'block' WHEN 1 THEN 'unblock' WHEN 2 THEN 'restore'
                   WHEN 3 THEN 'block_again' WHEN 4 THEN 'expired'
                   WHEN 5 THEN 'carried_over' WHEN 6 THEN 'erased' ELSE 'left_out'
           END AS event,
       CASE WHEN l.kind IN (0, 3) AND item.value NOT LIKE '=%'
           THEN split_part(item.value, ';', 1) END AS identifier, -- NULL: erased
       CASE WHEN l.kind IN (0, 3) THEN l.id + item.place - 1
            WHEN l.kind <> 5 THEN item.value::bigint END AS block_entry,
       CASE WHEN l.reason LIKE '=________________________________' THEN NULL ELSE l.reason END AS reason,
       to_char(to_timestamp(l.at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source,
       l.undoes,
       c.list_ended_at AS list_ended_at,
       CASE WHEN l.kind IN (0, 3) THEN
           CASE split_part(item.value, ';', 2)
           WHEN '2' THEN 'email' WHEN '3' THEN 'phone' WHEN '4' THEN 'domain'
           WHEN '5' THEN 'company_page' WHEN '6' THEN 'company' ELSE 'linkedin' END END AS type,
       CASE WHEN l.kind IN (0, 3) THEN
           CASE split_part(item.value, ';', 4)
           WHEN '1' THEN 'opt_out' WHEN '2' THEN 'client' WHEN '3' THEN 'competitor' WHEN '4'
           THEN 'partner' WHEN '5' THEN 'bounced' WHEN '6' THEN 'legal' WHEN '7' THEN 'other' END END AS block_kind,
       CASE WHEN l.kind IN (0, 3) THEN to_char(to_timestamp(
           nullif(split_part(item.value, ';', 5), '')::bigint / 1000.0) AT TIME ZONE 'UTC',
           'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END AS ends_at
FROM leadblock.blocklist_log l
CROSS JOIN LATERAL unnest(string_to_array(l.items, ',')) WITH ORDINALITY AS item (value, place)
JOIN leadblock.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN leadblock.campaign c ON c.workspace_id = l.workspace_id AND c.no = l.campaign
LEFT JOIN leadblock.api_key k ON k.workspace_id = l.workspace_id AND k.no = l.key
LEFT JOIN (SELECT no, email FROM leadblock.account WHERE workspace_id = 0 OFFSET 0) a
    ON a.no = l.key
WHERE l.kind IN (0, 1, 2, 3, 4, 5, 6, 9);

-- Who is blocked now: people with a request that nothing has taken back, in lists that have not
-- ended, by the oldest such request. A request may be taken back twice, by an unblock and by an undo of
-- its change: it stands when as much was restored. An unblock that is no undo ends all earlier
-- requests for the person, also those that it does not name because there were more than 16.
CREATE OR REPLACE VIEW leadblock.blocklist_live AS
SELECT DISTINCT ON (p.workspace_id, p.campaign_id, p.type, p.identifier)
       p.entry, p.workspace_id, p.campaign_id, p.identifier, p.reason, p.at, p.key_id, p.key_name,
       p.account_email, p.source, p.type, p.block_kind, p.ends_at
FROM (
    SELECT b.*, taken.times,
           max(taken.unblocked) OVER (
               PARTITION BY b.workspace_id, b.campaign_id, b.type, b.identifier) AS ended
    FROM leadblock.blocklist_history b
    LEFT JOIN (
        SELECT h.workspace_id, h.block_entry,
               sum(CASE h.event WHEN 'restore' THEN -1 ELSE 1 END) AS times, -- how often taken back
               max(h.entry) FILTER (WHERE h.event = 'unblock' AND h.undoes IS NULL) AS unblocked
        FROM leadblock.blocklist_history h
        WHERE h.event IN ('unblock', 'restore', 'expired', 'left_out')
        GROUP BY 1, 2
    ) taken ON taken.workspace_id = b.workspace_id AND taken.block_entry = b.entry
    WHERE b.event IN ('block', 'block_again') AND b.identifier IS NOT NULL AND b.list_ended_at IS NULL
) p
WHERE p.times = 0 OR p.times IS NULL AND p.entry > coalesce(p.ended, 0)
ORDER BY p.workspace_id, p.campaign_id, p.type, p.identifier, p.entry;

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
