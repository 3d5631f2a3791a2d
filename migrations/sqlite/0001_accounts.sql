-- What the store as a whole knows about itself, as text.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Secrets are recognised by a hash. The salt is this store's own, so that equal secrets of two stores
-- can't be told from their fingerprints, and a list of likely secrets hashed elsewhere is of no use.
INSERT INTO meta (name, value) VALUES ('salt', lower(hex(randomblob(32))));

-- One row for each thing that is kept in sync. All other tables name an account by `id`: a rename is
-- then one row, and the rows of a thousand users do not repeat the name.
CREATE TABLE accounts (
    id               INTEGER NOT NULL PRIMARY KEY,
    name             TEXT    NOT NULL UNIQUE,
    -- Of the rows and of all that shapes them, at the last run that was closed with every open change on
    -- record. NULL: the next cycle plans, whatever the rows are.
    digest           TEXT,
    -- Grows when a person decides or claims something. A run that planned on an older one stores no digest,
    -- for the next cycle has that to plan.
    revision         INTEGER NOT NULL DEFAULT 0,
    -- Of the settings that decide who is an employee: another one makes removals wait for a person.
    settings_mark    TEXT,
    -- The remote and the fingerprint of the credential with which the users were last seen.
    bound_remote     TEXT,
    bound_credential TEXT,
    -- When a whole list was last read from the platform; NULL: never, so there is no snapshot.
    verified_at      INTEGER,
    -- A lost request may still land: the next run reads the list, whatever the digest says.
    verify_next      INTEGER NOT NULL DEFAULT 0,
    -- Managed users that the last whole list showed changed.
    drift            INTEGER NOT NULL DEFAULT 0,
    -- Rows of the last complete read of the source.
    n_rows           INTEGER,
    -- The last cycle that found nothing to do. Such cycles leave no run, else history would be made of them.
    quiet_at         INTEGER,
    CHECK ((bound_remote IS NULL) = (bound_credential IS NULL))
) STRICT;
