-- The key that signs statements about the log (docs/guarantee.md, Evidence). There is one, made when
-- the first statement is asked for. It belongs to the installation, as accounts do.
CREATE TABLE leadblock.signing_key (
    workspace_id bigint NOT NULL, -- 0
    no           bigint NOT NULL CHECK (no = 1),
    seed         bytea NOT NULL,  -- of an Ed25519 key pair, 32 bytes: secret
    created_at   bigint NOT NULL, -- milliseconds since 1970 UTC
    PRIMARY KEY (workspace_id, no)
);
