-- People of EspoCRM, for both databases.
INSERT INTO "user" (id, user_name, type, first_name, last_name, is_active, deleted, delete_id, modified_at) VALUES
  ('1', 'admin', 'admin', '', 'Admin', true, false, '0', '2026-01-01 10:00:00'),
  ('system', 'system', 'system', '', 'System', true, false, '0', NULL),
  ('u-anna', 'anna', 'regular', 'Anna', 'Ozola', true, false, '0', '2026-01-01 10:00:00'),
  ('u-iryna', 'iryna', 'regular', 'Ірина', 'Коваленко', true, false, '0', NULL),
  ('u-bare', 'bare.login', NULL, NULL, '   ', true, false, '0', NULL),
  ('u-odd', 'odd', '', 'Odd', NULL, true, NULL, '0', NULL),
  ('u-off', 'off', 'regular', 'Switched', 'Off', false, false, '0', NULL),
  -- Deleted, so that the name could be given again.
  ('u-gone', 'again', 'regular', 'Gone', 'Once', true, true, 'x1', NULL),
  ('u-again', 'again', 'regular', 'Came', 'Again', true, false, '0', NULL),
  ('u-portal', 'portal', 'portal', 'Portal', 'User', true, false, '0', NULL),
  ('u-api', 'api', 'api', NULL, 'Integration', true, false, '0', NULL),
  ('u-super', 'super', 'super-admin', NULL, 'Host', true, false, '0', NULL);
INSERT INTO phone_number (id, name, deleted, invalid) VALUES
  ('p1', '+37126000001', false, false), ('p2', '+37167000002 ext. 12', false, false), ('p3', '26-000-003', false, false),
  ('p4', '+37126000004', false, true), ('p5', '+37126000005', true, false), ('p6', '+37126000006', false, false),
  ('p7', '+37126000007', NULL, false), ('p8', '+37126000008', false, false);
INSERT INTO entity_phone_number (entity_id, phone_number_id, entity_type, "primary", deleted) VALUES
  -- The primary number was added last.
  ('u-anna', 'p2', 'User', false, false), ('u-anna', 'p3', 'User', NULL, NULL), ('u-anna', 'p6', 'User', false, false),
  ('u-anna', 'p1', 'User', true, false),
  -- An invalid one, a deleted one, and one that is no longer hers.
  ('u-iryna', 'p4', 'User', true, false), ('u-iryna', 'p5', 'User', false, false), ('u-iryna', 'p6', 'User', false, true),
  ('u-iryna', 'p1', 'User', false, false),
  -- A customer has the id of a user.
  ('u-bare', 'p7', 'Contact', true, false),
  ('u-off', 'p7', 'User', true, false), ('u-portal', 'p8', 'User', true, false), ('1', 'p2', 'User', true, false);
INSERT INTO email_address (id, name, lower, deleted) VALUES
  ('e1', 'Anna@Example.com', 'anna@example.com', false), ('e2', 'anna@home.example', 'anna@home.example', false),
  ('e3', 'old@example.com', 'old@example.com', true);
INSERT INTO entity_email_address (entity_id, email_address_id, entity_type, "primary", deleted) VALUES
  ('u-anna', 'e1', 'User', true, false), ('u-anna', 'e2', 'User', false, false), ('u-iryna', 'e3', 'User', true, false),
  ('u-odd', 'e2', 'User', true, true);
INSERT INTO role (id, name, deleted) VALUES ('r1', 'Sales', false), ('r2', 'Руководитель', false), ('r3', 'Old', true), ('r4', 'By team', NULL);
INSERT INTO role_user (role_id, user_id, deleted) VALUES ('r1', 'u-anna', false), ('r2', 'u-anna', NULL), ('r3', 'u-anna', false),
  ('r1', 'u-iryna', true);
INSERT INTO team (id, name, deleted) VALUES ('t1', 'Field', false), ('t2', 'Dissolved', true);
INSERT INTO team_user (team_id, user_id, role, deleted) VALUES ('t1', 'u-anna', 'Lead', false), ('t1', 'u-iryna', NULL, false),
  ('t2', 'u-odd', NULL, false), ('t1', 'u-odd', NULL, true);
INSERT INTO role_team (role_id, team_id, deleted) VALUES ('r4', 't1', false), ('r1', 't1', false), ('r2', 't2', false);
