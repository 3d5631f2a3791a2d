-- Tokens of accounts whose credential is renewed by a token that the platform replaces each time (OAuth). The
-- last one is the only way to the next: lost, the customer has to grant access again. One row for each
-- configured credential: another one begins anew, and one that comes back goes on where it was.
CREATE TABLE tokens (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Kind, base URL and fingerprint of the credential as configured: what was granted for one place is
    -- never shown to another.
    remote     TEXT    NOT NULL,
    -- Version, nonce and ciphertext, under a key that is not in this file, bound to the columns above. NULL:
    -- nothing was received yet, so the configured token is the present one.
    sealed     BLOB,
    -- When a renewal was asked for whose answer is not on record: the platform may have replaced the token.
    asked_at   INTEGER,
    -- When the row was last written, by which those of other credentials are pruned.
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, remote)
) STRICT, WITHOUT ROWID;

-- Credentials that a platform refused. No request is made with them until they change, a person asks for it,
-- or the next try is due.
CREATE TABLE refusals (
    account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    -- Fingerprint of all that is secret of the credential.
    secret     TEXT    NOT NULL,
    -- What the platform said.
    text       TEXT    NOT NULL,
    -- When this credential was first and last refused, and how often.
    since      INTEGER NOT NULL,
    last_tried INTEGER NOT NULL,
    n_tries    INTEGER NOT NULL
) STRICT;
