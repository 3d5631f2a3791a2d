-- All that the migrations make, as it is now: what a file that is new gets at once. A change goes into a new
-- migration first, and then here.

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
    -- Which channels the rights on channels are about, as configured; other channels make those worth nothing.
    access_channels  TEXT,
    CHECK ((bound_remote IS NULL) = (bound_credential IS NULL))
) STRICT;

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
    -- Where the platform gives users a role or tasks: the words, joined by ", "; NULL where it has none of its own.
    access      TEXT,
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

-- The journal: a request is written down before it is sent, and its answer after. A request without an
-- answer, in a run that was never closed, may or may not have landed.
CREATE TABLE requests (
    run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    -- Counts from the beginning of the run.
    seq         INTEGER NOT NULL,
    -- Of the run; here, because limits per day and the story of a user are asked for by account and time.
    account_id  INTEGER NOT NULL,
    -- delete | update | create | upsert
    verb        TEXT    NOT NULL,
    sent_at     INTEGER NOT NULL,
    answered_at INTEGER,
    -- What the answer meant, its HTTP status, and the platform's code and text.
    answer      TEXT,
    status      INTEGER,
    code        TEXT,
    text        TEXT,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_by_account ON requests (account_id, sent_at);

-- Who travelled in each request, and with what. There is no index by user: a user is looked up once in each
-- request of its account, which is quick, and one more index would cost every write.
CREATE TABLE request_users (
    run_id   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    user_id  TEXT    NOT NULL,
    -- remove | park | recreate | apply | access
    purpose  TEXT    NOT NULL,
    -- The record as sent; NULL in a delete.
    name     TEXT,
    phone    TEXT,
    -- How the phone was to be cleared: empty | malformed | omit | null.
    clear_by TEXT,
    -- 1: a person let it pass; such removals do not count against the limit per day.
    approved INTEGER NOT NULL,
    -- As in the snapshot.
    access   TEXT,
    PRIMARY KEY (run_id, seq, user_id),
    FOREIGN KEY (run_id, seq) REFERENCES requests (run_id, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

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
    old_access TEXT,
    new_access TEXT,
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
