-- vtiger 5 to 8, as far as it matters here. Upgrades left dates at zero, and new rows may have them too.
SET SESSION sql_mode = '';
CREATE TABLE vtiger_users (
  id int(11) NOT NULL AUTO_INCREMENT PRIMARY KEY, user_name varchar(255), is_admin varchar(3) DEFAULT '0',
  first_name varchar(30), last_name varchar(30), userlabel varchar(255), email1 varchar(100), status varchar(25),
  phone_home varchar(50), phone_mobile varchar(50), phone_work varchar(50), phone_other varchar(50), phone_fax varchar(50),
  phone_crm_extension varchar(100), date_entered timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  date_modified timestamp NOT NULL DEFAULT '0000-00-00 00:00:00', deleted int(1) NOT NULL DEFAULT 0
) ENGINE=InnoDB DEFAULT CHARSET utf8;
CREATE TABLE vtiger_user2role (userid int(11) NOT NULL PRIMARY KEY, roleid varchar(255) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET utf8;
CREATE TABLE vtiger_role (roleid varchar(255) NOT NULL PRIMARY KEY, rolename varchar(200), parentrole varchar(255), depth int(19))
  ENGINE=InnoDB DEFAULT CHARSET utf8;

INSERT INTO vtiger_users (id, user_name, is_admin, first_name, last_name, email1, status, phone_home, phone_mobile, phone_work, phone_other,
    phone_crm_extension, date_modified, deleted) VALUES
  (1, 'admin', 'on', '', 'Administrator', 'admin@example.com', 'Active', '', '', '', '', '', '0000-00-00 00:00:00', 0),
  (5, 'anna', 'off', 'Anna', 'Ozola', 'anna@example.com', 'Active', '67 111 111', '+371 26.000.005', '67 000 100', '', '105', '2026-01-01 10:00:00', 0),
  (6, 'iryna', 'off', 'Ірина', 'Коваленко', ' ', 'Active', NULL, NULL, '67 000 100', NULL, '106', '2026-01-01 10:00:00', 0),
  (7, 'bare', 'off', NULL, '', NULL, 'Active', NULL, NULL, NULL, 'ask the desk', NULL, '2026-01-01 10:00:00', 0),
  (8, 'left', 'off', 'Left', 'Lately', NULL, 'Inactive', NULL, '26 000 008', NULL, NULL, NULL, '2026-01-01 10:00:00', 0),
  (9, 'gone', 'off', 'Gone', 'For Good', NULL, 'Inactive', NULL, '26 000 009', NULL, NULL, NULL, '2026-01-01 10:00:00', 1),
  (10, 'odd', 'off', 'Odd', 'Flags', NULL, 'Active', NULL, '26 000 010', NULL, NULL, NULL, '2026-01-01 10:00:00', 1),
  (11, 'unset', 'off', 'No', 'Status', NULL, NULL, NULL, '26 000 011', NULL, NULL, NULL, '2026-01-01 10:00:00', 0);
INSERT INTO vtiger_role VALUES ('H1', 'Organisation', 'H1', 0), ('H2', 'CEO', 'H1::H2', 1), ('H5', 'Sales Person', 'H1::H2::H5', 4),
  ('H6', 'Менеджер', 'H1::H2::H6', 2);
INSERT INTO vtiger_user2role VALUES (1, 'H2'), (5, 'H5'), (6, 'H6'), (8, 'H5'), (10, 'H99');
