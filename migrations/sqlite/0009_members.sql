-- Platforms where a user has a role or tasks: the words, joined by ", "; NULL where it has none of its own.
ALTER TABLE snapshot      ADD COLUMN access TEXT;
ALTER TABLE request_users ADD COLUMN access TEXT;
ALTER TABLE outcomes      ADD COLUMN old_access TEXT;
ALTER TABLE outcomes      ADD COLUMN new_access TEXT;

-- Platforms that give their users ids of their own: which of them is whose. Found once, by the key, and
-- remembered from then on.
CREATE TABLE pins (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id    TEXT    NOT NULL,
    -- The platform's id; NULL while a create is under way whose answer nobody has seen.
    member_id  TEXT,
    -- The e-mail or name by which it was found, or under which it was to be created; lower case.
    key        TEXT    NOT NULL,
    PRIMARY KEY (account_id, user_id)
) STRICT, WITHOUT ROWID;
