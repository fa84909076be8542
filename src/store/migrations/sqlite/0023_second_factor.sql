-- The second factor of users who sign in (docs/security.md). Times are milliseconds since 1970 UTC.
CREATE TABLE second_factor (
    account      INTEGER PRIMARY KEY,
    sealed       BLOB NOT NULL,    -- the secret, encrypted: nonce, ciphertext, tag
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,          -- NULL: it is being set up, and no sign-in asks for it
    last_step    INTEGER NOT NULL, -- of the last code that was taken, in steps of 30 s since 1970
    wrong        INTEGER NOT NULL, -- codes in a row
    wrong_at     INTEGER,          -- the last of them
    recovery     BLOB NOT NULL     -- BLAKE2b-256 of each recovery code that was not used yet
);

-- 1: the session may set up a second factor, and nothing else.
ALTER TABLE session ADD COLUMN enrols INTEGER NOT NULL DEFAULT 0;
