-- One row for each recorded reconcile of one account. The numbers stand here and are not counted from
-- `outcomes`, so that a list of runs is one scan.
CREATE TABLE runs (
    -- In order of beginning; the key in the journal and the outcomes, where the text would be repeated.
    id             INTEGER NOT NULL PRIMARY KEY,
    -- UUID v7: the name for people, reports and logs.
    run            TEXT    NOT NULL UNIQUE,
    account_id     INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    started_at     INTEGER NOT NULL,
    -- NULL: under way, or killed. The next run of the account turns the killed one into 'interrupted'.
    ended_at       INTEGER,
    result         TEXT,
    exit_code      INTEGER,
    error_code     TEXT,
    error_message  TEXT,
    n_rows         INTEGER,
    requests_read  INTEGER NOT NULL DEFAULT 0,
    requests_write INTEGER NOT NULL DEFAULT 0,
    n_create       INTEGER NOT NULL DEFAULT 0,
    n_update       INTEGER NOT NULL DEFAULT 0,
    n_delete       INTEGER NOT NULL DEFAULT 0,
    n_park         INTEGER NOT NULL DEFAULT 0,
    n_access       INTEGER NOT NULL DEFAULT 0,
    n_applied      INTEGER NOT NULL DEFAULT 0,
    n_rejected     INTEGER NOT NULL DEFAULT 0,
    n_conflict     INTEGER NOT NULL DEFAULT 0,
    n_deferred     INTEGER NOT NULL DEFAULT 0,
    n_held         INTEGER NOT NULL DEFAULT 0,
    n_unknown      INTEGER NOT NULL DEFAULT 0,
    -- 1: what the run sent is known to have landed or not, because the run was closed, or because a later
    -- one read the whole list. Until then its journalled requests are open intents.
    settled        INTEGER NOT NULL DEFAULT 0,
    CHECK ((ended_at IS NULL) = (result IS NULL))
) STRICT;

-- The last run, and the list of runs, of one account.
CREATE INDEX runs_by_account ON runs (account_id, id);

-- Every cycle of every account asks for open intents: a partial index answers from nearly nothing.
CREATE INDEX runs_unsettled ON runs (account_id) WHERE settled = 0;
