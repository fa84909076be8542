-- Erasure of people (docs/privacy.md). Texts that were erased from the log stand there as '=' and a
-- commitment, in rows whose seal has salts in place of the seed (docs/storage.md, The chain). People who
-- are blocked after that stand in it as '~' and a keyed hash of their name.

-- The key of these hashes. There is one, made with the first erasure.
CREATE TABLE erasure_key (
    no         INTEGER PRIMARY KEY CHECK (no = 1),
    key        BLOB NOT NULL,             -- 32 bytes: secret
    created_at INTEGER NOT NULL,          -- milliseconds since 1970 UTC
    overwrite  INTEGER NOT NULL DEFAULT 0 -- 1: the files still have texts that were erased
);

-- Names that were erased, so that a backup from before that is erased, too, when it is restored.
CREATE TABLE erased_name (
    workspace INTEGER NOT NULL,
    tag       BLOB NOT NULL,    -- the hash, 24 bytes
    at        INTEGER NOT NULL, -- milliseconds since 1970 UTC
    PRIMARY KEY (workspace, tag)
) WITHOUT ROWID;

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
                   WHEN 3 THEN 'block_again' WHEN 4 THEN 'expired'
                   WHEN 5 THEN 'carried_over' WHEN 6 THEN 'erased' ELSE 'left_out'
           END AS event,
       CASE WHEN l.kind IN (0, 3) AND substr(item.value, 1, 1) <> '='
           THEN json_extract('["' || replace(item.value, ';', '","') || '"]', '$[0]')
           END AS identifier,              -- NULL: erased
       CASE WHEN l.kind IN (0, 3) THEN l.number + item.key
            WHEN l.kind <> 5 THEN CAST(item.value AS INTEGER) END AS block_entry,
       CASE WHEN l.reason LIKE '=________________________________' THEN NULL ELSE l.reason END AS reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.at / 1000.0, 'unixepoch') AS at,
       k.id AS key_id,                     -- this and account_email NULL: the command line
       k.name AS key_name,
       a.email AS account_email,
       l.source,
       l.undoes,
       c.list_ended_at AS list_ended_at,
       CASE WHEN l.kind IN (0, 3) THEN
           CASE json_extract('["' || replace(item.value, ';', '","') || '"]', '$[1]')
           WHEN '2' THEN 'email' WHEN '3' THEN 'phone' WHEN '4' THEN 'domain'
           WHEN '5' THEN 'company_page' WHEN '6' THEN 'company' ELSE 'linkedin' END END AS type,
       CASE WHEN l.kind IN (0, 3) THEN
           CASE json_extract('["' || replace(item.value, ';', '","') || '"]', '$[3]')
           WHEN '1' THEN 'opt_out' WHEN '2' THEN 'client' WHEN '3' THEN 'competitor' WHEN '4'
           THEN 'partner' WHEN '5' THEN 'bounced' WHEN '6' THEN 'legal' WHEN '7' THEN 'other' END END AS block_kind,
       CASE WHEN l.kind IN (0, 3) THEN strftime('%Y-%m-%dT%H:%M:%fZ',
           nullif(json_extract('["' || replace(item.value, ';', '","') || '"]', '$[4]'), '') / 1000.0, 'unixepoch') END AS ends_at
FROM blocklist_log l
JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
JOIN workspace w ON w.no = l.workspace
LEFT JOIN campaign c ON c.no = l.campaign
LEFT JOIN api_key k ON k.no = l.key
LEFT JOIN account a ON a.no = l.key
WHERE l.kind IN (0, 1, 2, 3, 4, 5, 6, 9);

-- Who is blocked now: people with a request that nothing has taken back, in lists that have not
-- ended, by the oldest such request. A request may be taken back twice, by an unblock and by an undo of
-- its change: it stands when as much was restored. An unblock that is no undo ends all earlier
-- requests for the person, also those that it does not name because there were more than 16.
CREATE VIEW blocklist_live AS
SELECT min(entry) AS entry, workspace_id, campaign_id, identifier, reason, at, key_id, key_name,
       account_email, source, type, block_kind, ends_at
FROM (
    SELECT b.*, taken.times,
           max(taken.unblocked) OVER (
               PARTITION BY b.workspace_id, b.campaign_id, b.type, b.identifier) AS ended
    FROM blocklist_history b
    LEFT JOIN (
        SELECT w.id AS workspace_id, CAST(item.value AS INTEGER) AS block_entry,
               sum(CASE l.kind WHEN 2 THEN -1 ELSE 1 END) AS times, -- how often it is taken back
               max(CASE WHEN l.kind = 1 AND l.undoes IS NULL THEN l.number + item.key END)
                   AS unblocked
        FROM blocklist_log l
        JOIN json_each('["' || replace(l.items, ',', '","') || '"]') item
        JOIN workspace w ON w.no = l.workspace
        WHERE l.kind IN (1, 2, 4, 9)
        GROUP BY 1, 2
    ) taken ON taken.workspace_id = b.workspace_id AND taken.block_entry = b.entry
    WHERE b.event IN ('block', 'block_again') AND b.identifier IS NOT NULL AND b.list_ended_at IS NULL
)
WHERE times = 0 OR times IS NULL AND entry > coalesce(ended, 0)
GROUP BY workspace_id, campaign_id, type, identifier;

DROP VIEW link_history;

-- One row an item: who linked which names, or took a link back.
CREATE VIEW link_history AS
SELECT l.number + item.key AS entry,
       w.id AS workspace_id,
       CASE l.kind WHEN 7 THEN 'link' WHEN 8 THEN 'link_end' ELSE 'link_refused' END AS event,
       CASE WHEN l.kind <> 8 AND substr(item.value, 1, 1) <> '='
           THEN item.value END AS identifier, -- NULL: erased
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
