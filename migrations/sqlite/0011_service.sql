-- What a person has stopped for a while. A row of an account goes before the row of all, so that one account can
-- be resumed while all others stay paused.
CREATE TABLE pauses (
    -- NULL: all accounts that have no row of their own.
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    -- all | removals
    what       TEXT    NOT NULL,
    is_paused  INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    who        TEXT    NOT NULL
) STRICT;

-- No key: in a key of SQLite two NULLs differ. Accounts count from 1.
CREATE UNIQUE INDEX pauses_once ON pauses (coalesce(account_id, 0), what);

-- The back-off of accounts whose last pass failed: it goes on where it was when the service starts again.
CREATE TABLE back_offs (
    account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    -- Passes that failed, one after the other.
    failures   INTEGER NOT NULL,
    -- 1: the platform refused the credential, which is tried more seldom.
    is_refused INTEGER NOT NULL
) STRICT;

-- What each channel was told about an account last, so that nobody is told the same twice.
CREATE TABLE told (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- webhook | command
    channel    TEXT    NOT NULL,
    -- failing | held | recovered
    event      TEXT    NOT NULL,
    PRIMARY KEY (account_id, channel)
) STRICT, WITHOUT ROWID;
