-- Chatwoot 3 and 4, as far as it matters here.
CREATE TABLE accounts (id serial PRIMARY KEY, name varchar NOT NULL);
CREATE TABLE users (
  id serial PRIMARY KEY, provider varchar NOT NULL DEFAULT 'email', uid varchar NOT NULL DEFAULT '', confirmed_at timestamp,
  name varchar NOT NULL, display_name varchar, email varchar, type varchar, custom_attributes jsonb DEFAULT '{}',
  created_at timestamp NOT NULL DEFAULT '2026-01-01', updated_at timestamp NOT NULL DEFAULT '2026-01-01'
);
CREATE TABLE account_users (
  id bigserial PRIMARY KEY, account_id bigint, user_id bigint, role integer DEFAULT 0, inviter_id bigint,
  availability integer NOT NULL DEFAULT 0, created_at timestamp NOT NULL DEFAULT '2026-01-01', updated_at timestamp NOT NULL DEFAULT '2026-02-01',
  UNIQUE (account_id, user_id)
);
CREATE TABLE teams (id bigserial PRIMARY KEY, name varchar NOT NULL, account_id bigint NOT NULL);
CREATE TABLE team_members (
  id bigserial PRIMARY KEY, team_id bigint NOT NULL, user_id bigint NOT NULL, UNIQUE (team_id, user_id)
);

INSERT INTO accounts VALUES (1, 'Acme'), (2, 'Other');
INSERT INTO users (id, confirmed_at, name, display_name, email, type, custom_attributes) VALUES
  (1, '2026-01-01', 'Installer', NULL, 'admin@example.com', 'SuperAdmin', '{}'),
  (2, '2026-01-01', 'Anna Ozola', 'Anna from Acme', 'anna@example.com', NULL, '{"phone_number": "+371 (26) 000-002"}'),
  -- Somebody wrote a number as a number.
  (3, '2026-01-01', 'Ірина Коваленко', '', 'iryna@example.com', NULL, '{"phone_number": 37126000002}'),
  (4, NULL, 'Invited Only', NULL, 'invited@example.com', NULL, '{"phone_number": "26000004"}'),
  (5, '2026-01-01', '  ', 'Shown Name', 'shown@example.com', NULL, NULL),
  (6, '2026-01-01', '', NULL, 'bare@example.com', NULL, '{"phone_number": null, "it''s \"mobile\" \\": "26 000 006"}'),
  (7, '2026-01-01', 'Elsewhere', NULL, 'elsewhere@example.com', NULL, '{"phone_number": "26000007"}'),
  (8, '2026-01-01', 'Left the account', NULL, 'left@example.com', NULL, '{"phone_number": "26000008"}');
INSERT INTO account_users (account_id, user_id, role, availability) VALUES
  (1, 1, 1, 0), (1, 2, 0, 1), (1, 3, 0, 2), (1, 4, 0, 0), (1, 5, 2, 0), (1, 6, NULL, 0), (2, 7, 1, 0), (2, 2, 1, 0);
INSERT INTO teams VALUES (1, 'sales', 1), (2, 'поддержка', 1), (3, 'elsewhere', 2), (4, 'administrator', 1);
INSERT INTO team_members (team_id, user_id) VALUES (1, 2), (2, 2), (3, 2), (4, 3), (1, 8);
