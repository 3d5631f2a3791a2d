-- History: what became of each planned change of each run.
CREATE TABLE outcomes (
    run_id    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    user_id   TEXT    NOT NULL,
    -- create | update | delete | park | access
    op        TEXT    NOT NULL,
    -- applied | rejected | conflict | deferred | held | unknown
    outcome   TEXT    NOT NULL,
    code      TEXT,
    detail    TEXT,
    attempts  INTEGER NOT NULL,
    status    INTEGER,
    -- The record before and after. A NULL name: there was, or shall be, no such user.
    old_name  TEXT,
    old_phone TEXT,
    new_name  TEXT,
    new_phone TEXT,
    PRIMARY KEY (run_id, user_id, op)
) STRICT, WITHOUT ROWID;

-- The outcomes that are not `applied` and not closed: they count in the result of every run, and say when a
-- change is due again. Apart from the history, so that pruning never closes one.
CREATE TABLE open_outcomes (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id    TEXT    NOT NULL,
    op         TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    code       TEXT,
    detail     TEXT,
    -- Since when the change is open, whatever its outcomes were.
    since      INTEGER NOT NULL,
    -- Runs that ended in this outcome, one after the other: the exponent of the back-off.
    tries      INTEGER NOT NULL,
    last_tried INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id, op)
) STRICT, WITHOUT ROWID;
