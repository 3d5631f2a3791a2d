-- What the owner of the CRM should mend, as of the last plan. Replaced as a whole.
CREATE TABLE findings (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- The order of the report. An employee may have several findings, and one without an id has no key.
    position   INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    PRIMARY KEY (account_id, position)
) STRICT, WITHOUT ROWID;

-- Changes that wait, or waited, for a person. One row for each digest: a hold that comes back keeps its id.
CREATE TABLE holds (
    key        INTEGER NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Stands for reason and users.
    digest     TEXT    NOT NULL,
    -- Short enough to type, and unique in the store: holds of two accounts may have the same digest.
    id         TEXT    NOT NULL UNIQUE,
    reason     TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    -- open | approved | rejected | gone
    status     TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    -- Who said what, when and why; NULL while nobody has.
    decided_at INTEGER,
    decided_by TEXT,
    why        TEXT,
    -- When a run last saw it, or saw that it was gone: by this it is pruned.
    seen_at    INTEGER NOT NULL,
    UNIQUE (account_id, digest)
) STRICT;

CREATE TABLE hold_users (
    hold_key INTEGER NOT NULL REFERENCES holds (key) ON DELETE CASCADE,
    -- The order in the hold.
    position INTEGER NOT NULL,
    user_id  TEXT    NOT NULL,
    -- Mark (32 hex digits) of the row in the CRM; NULL: no row.
    row_mark TEXT,
    PRIMARY KEY (hold_key, position)
) STRICT, WITHOUT ROWID;

-- What a person said about each user of a hold. Apart from the holds, because a decision outlives its hold,
-- and because one about the same user and subject replaces an earlier one of another hold.
CREATE TABLE decisions (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id    TEXT    NOT NULL,
    -- removal | phone_loss | update | create | adoption | absence
    subject    TEXT    NOT NULL,
    -- An approval ends then; NULL: this is a rejection.
    until      INTEGER,
    -- A rejection lasts while the row has this mark; NULL: while there is no row.
    row_mark   TEXT,
    PRIMARY KEY (account_id, user_id, subject)
) STRICT, WITHOUT ROWID;
