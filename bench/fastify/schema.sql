-- The tables behind server.js. The list is ordered by id; its index is made only for the case that
-- lists, so that the other cases do not pay for it.
CREATE TABLE campaigns (
    id text PRIMARY KEY,
    number integer GENERATED ALWAYS AS IDENTITY UNIQUE
);

CREATE TABLE blocked_leads (
    campaign integer NOT NULL,
    public_identifier text COLLATE "C" NOT NULL,
    reason text,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    id bigint GENERATED ALWAYS AS IDENTITY
);
