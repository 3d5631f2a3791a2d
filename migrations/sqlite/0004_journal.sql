-- The journal: a request is written down before it is sent, and its answer after. A request without an
-- answer, in a run that was never closed, may or may not have landed.
CREATE TABLE requests (
    run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    -- Counts from the beginning of the run.
    seq         INTEGER NOT NULL,
    -- Of the run; here, because limits per day and the story of a user are asked for by account and time.
    account_id  INTEGER NOT NULL,
    -- delete | update | create | upsert
    verb        TEXT    NOT NULL,
    sent_at     INTEGER NOT NULL,
    answered_at INTEGER,
    -- What the answer meant, its HTTP status, and the platform's code and text.
    answer      TEXT,
    status      INTEGER,
    code        TEXT,
    text        TEXT,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_by_account ON requests (account_id, sent_at);

-- Who travelled in each request, and with what. There is no index by user: a user is looked up once in each
-- request of its account, which is quick, and one more index would cost every write.
CREATE TABLE request_users (
    run_id   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    user_id  TEXT    NOT NULL,
    -- remove | park | recreate | apply
    purpose  TEXT    NOT NULL,
    -- The record as sent; NULL in a delete.
    name     TEXT,
    phone    TEXT,
    -- How the phone was to be cleared: empty | malformed | omit | null.
    clear_by TEXT,
    -- 1: a person let it pass; such removals do not count against the limit per day.
    approved INTEGER NOT NULL,
    PRIMARY KEY (run_id, seq, user_id),
    FOREIGN KEY (run_id, seq) REFERENCES requests (run_id, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
