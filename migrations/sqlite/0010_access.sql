-- Rights on channels, as a platform last took them from us; with them a cycle without news needs no request.
CREATE TABLE access_rights (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- '' stands for what concerns no single user: whether supervisors are notified.
    user_id    TEXT    NOT NULL,
    -- For people, and to be compared with what is wished; NULL: being changed, so nobody knows. A leaver stays
    -- here until its rights are gone.
    rights     TEXT,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;

-- Rights of users whom we delete for a moment and create again: written down before the delete, given back
-- after the create, whoever lives to see it.
CREATE TABLE access_kept (
    account_id  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id     TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    -- NULL: phones of clients are hidden from the user, which is no row on a channel.
    channel_id  TEXT,
    role        TEXT,
    new_clients INTEGER,
    -- The row as the platform wrote it.
    raw         TEXT,
    PRIMARY KEY (account_id, user_id, position)
) STRICT, WITHOUT ROWID;

-- Which channels the rights above are about, as configured; other channels make them worth nothing.
ALTER TABLE accounts ADD COLUMN access_channels TEXT;
