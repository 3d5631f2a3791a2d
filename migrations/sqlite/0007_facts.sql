-- Which way of clearing a phone works: the same for all accounts of one kind and base URL.
CREATE TABLE clear_facts (
    kind       TEXT    NOT NULL,
    base_url   TEXT    NOT NULL,
    -- empty | malformed | omit | null; NULL: nothing works, which is believed for a while only.
    clear_by   TEXT,
    learned_at INTEGER NOT NULL,
    PRIMARY KEY (kind, base_url)
) STRICT, WITHOUT ROWID;

-- How many users the platform let an account have when it refused one more; believed for a while only.
CREATE TABLE seat_facts (
    account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    seats      INTEGER NOT NULL,
    learned_at INTEGER NOT NULL
) STRICT;
