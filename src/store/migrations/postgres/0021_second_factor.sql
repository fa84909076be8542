-- The second factor of users who sign in (docs/security.md). Times are milliseconds since 1970 UTC.
-- It belongs to the installation, as accounts do: workspace_id is 0.
CREATE TABLE leadblock.second_factor (
    workspace_id bigint NOT NULL, -- 0
    account      bigint NOT NULL,
    sealed       bytea NOT NULL,  -- the secret, encrypted: nonce, ciphertext, tag
    created_at   bigint NOT NULL,
    confirmed_at bigint,          -- NULL: it is being set up, and no sign-in asks for it
    last_step    bigint NOT NULL, -- of the last code that was taken, in steps of 30 s since 1970
    wrong        bigint NOT NULL, -- codes in a row
    wrong_at     bigint,          -- the last of them
    recovery     bytea NOT NULL,  -- BLAKE2b-256 of each recovery code that was not used yet
    PRIMARY KEY (workspace_id, account)
);

-- The session may set up a second factor, and nothing else.
ALTER TABLE leadblock.session ADD COLUMN enrols boolean NOT NULL DEFAULT false;
