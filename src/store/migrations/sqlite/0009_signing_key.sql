-- The key that signs statements about the log (docs/guarantee.md, Evidence). There is one, made when
-- the first statement is asked for.
CREATE TABLE signing_key (
    no         INTEGER PRIMARY KEY CHECK (no = 1),
    seed       BLOB NOT NULL,    -- of an Ed25519 key pair, 32 bytes: secret
    created_at INTEGER NOT NULL  -- milliseconds since 1970 UTC
);
