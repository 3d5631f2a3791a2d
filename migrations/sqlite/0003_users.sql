-- Who is ours. This can't be rebuilt from the platform: without it every user is foreign, and leavers stay
-- until somebody claims them. It is therefore kept apart from the snapshot, which comes and goes.
CREATE TABLE managed (
    account_id   INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id      TEXT    NOT NULL,
    -- created | adopted | claimed
    origin       TEXT    NOT NULL,
    since        INTEGER NOT NULL,
    -- Since when complete reads of the source lack the employee.
    absent_since INTEGER,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;

-- Whether somebody waits for `removal_after` is asked in every cycle, and nearly nobody ever does.
CREATE INDEX managed_absent ON managed (account_id, absent_since) WHERE absent_since IS NOT NULL;

-- What the platform showed of each managed user, and what it makes of our values. Lost, it costs a read of
-- the list and one more update for each value that the platform stores in its own way.
CREATE TABLE snapshot (
    account_id  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id     TEXT    NOT NULL,
    -- As last read; NULL: not seen (yet).
    name        TEXT,
    -- Digits; NULL: none.
    phone       TEXT,
    -- What we sent, what was read back, and after how many sends. `*_times` NULL: the platform keeps the
    -- value as sent. A sent or read phone may be NULL, which means "no phone".
    name_sent   TEXT,
    name_read   TEXT,
    name_times  INTEGER,
    phone_sent  TEXT,
    phone_read  TEXT,
    phone_times INTEGER,
    -- Mark (32 hex digits) of the phone cells of the row from which the accepted phone was made.
    phone_cells TEXT,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;

-- Users of the platform that are not ours, as the last whole list showed them. Replaced as a whole.
CREATE TABLE foreign_users (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    phone      TEXT,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;
