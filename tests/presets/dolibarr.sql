-- People of Dolibarr, for both databases.
INSERT INTO llx_user (rowid, entity, employee, login, lastname, firstname, office_phone, user_mobile, personal_mobile, email,
    fk_soc, statut, dateemploymentend, datestartvalidity, dateendvalidity) VALUES
  (1, 0, 1, 'admin', 'SuperAdmin', '', NULL, NULL, NULL, '', NULL, 1, NULL, NULL, NULL),
  (2, 1, 1, 'anna', 'Ozola', 'Anna', '67 000 100', '+371 26 000 002', '29 000 002', 'anna@example.com', NULL, 1, NULL, NULL, NULL),
  -- Cut at 20 characters.
  (3, 1, NULL, 'iryna', 'Коваленко', 'Ірина', '', '+371 (26) 000 - 003 ', '+371 26 000 002', ' iryna@example.com ', NULL, 1, '2999-12-31', '2020-01-01 00:00:00', '2999-12-31 23:59:59'),
  (4, 1, 1, 'bare', NULL, '  ', NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL),
  (5, 1, 1, 'disabled', 'Disabled', 'Daina', NULL, '26 000 005', NULL, NULL, NULL, 0, NULL, NULL, NULL),
  (6, 1, 1, 'ended', 'Ended', 'Ella', NULL, '26 000 006', NULL, NULL, NULL, 1, '2020-01-31', NULL, NULL),
  (7, 1, 1, 'starts', 'Later', 'Laura', NULL, '26 000 007', NULL, NULL, NULL, 1, NULL, '2999-01-01 00:00:00', NULL),
  (8, 1, 1, 'closed', 'Closed', 'Karl', NULL, '26 000 008', NULL, NULL, NULL, 1, NULL, NULL, '2020-01-31 00:00:00'),
  (9, 1, 0, 'api', 'Robot', NULL, NULL, '26 000 009', NULL, NULL, NULL, 1, NULL, NULL, NULL),
  (10, 1, 1, 'customer', 'Buyer', 'Bob', NULL, '26 000 010', NULL, NULL, 77, 1, NULL, NULL, NULL),
  (11, 2, 1, 'other', 'Company', 'Other', NULL, '26 000 011', NULL, NULL, NULL, 1, NULL, NULL, NULL),
  (12, 1, 1, 'unset', 'Unset', 'Uldis', NULL, '26 000 012', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO llx_usergroup (rowid, nom, entity) VALUES (1, 'Sales', 1), (2, 'Менеджеры', 1), (3, 'Shared', 0), (4, 'Elsewhere', 2);
INSERT INTO llx_usergroup_user (entity, fk_user, fk_usergroup) VALUES (1, 2, 1), (1, 2, 2), (0, 2, 3), (2, 2, 4), (2, 11, 4);
