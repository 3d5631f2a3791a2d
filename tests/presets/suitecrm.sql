-- SuiteCRM 7.14 and 8, as far as it matters here. Only the id is never NULL; its default charset has three bytes.
CREATE TABLE users (
  id char(36) NOT NULL PRIMARY KEY, user_name varchar(60), first_name varchar(255), last_name varchar(255),
  is_admin tinyint(1) DEFAULT 0, date_entered datetime, date_modified datetime,
  phone_home varchar(50), phone_mobile varchar(50), phone_work varchar(50), phone_other varchar(50), phone_fax varchar(50),
  status varchar(100), deleted tinyint(1), portal_only tinyint(1) DEFAULT 0, show_on_employees tinyint(1) DEFAULT 1,
  employee_status varchar(100), is_group tinyint(1)
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
CREATE TABLE acl_roles (id char(36) NOT NULL PRIMARY KEY, name varchar(150), deleted tinyint(1) DEFAULT 0)
  ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
CREATE TABLE acl_roles_users (id varchar(36) NOT NULL PRIMARY KEY, role_id varchar(36), user_id varchar(36), date_modified datetime, deleted tinyint(1) DEFAULT 0)
  ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
CREATE TABLE email_addresses (id char(36) NOT NULL PRIMARY KEY, email_address varchar(255), email_address_caps varchar(255), deleted tinyint(1) DEFAULT 0)
  ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
CREATE TABLE email_addr_bean_rel (
  id char(36) NOT NULL PRIMARY KEY, email_address_id char(36) NOT NULL, bean_id char(36) NOT NULL, bean_module varchar(100),
  primary_address tinyint(1) DEFAULT 0, reply_to_address tinyint(1) DEFAULT 0, deleted tinyint(1) DEFAULT 0
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;

INSERT INTO users (id, user_name, first_name, last_name, phone_home, phone_mobile, phone_work, phone_other, status, employee_status,
    deleted, is_group, portal_only, date_modified) VALUES
  ('1', 'admin', NULL, 'Administrator', NULL, NULL, '67 000 100', NULL, 'Active', 'Active', 0, 0, 0, '2026-01-01 10:00:00'),
  ('seed_sarah_id', 'sarah', 'Sarah', 'Smith', '67 111 111', '+371 (26) 000-002', '67 000 100', '', 'Active', 'Active', 0, NULL, NULL, '2026-01-01 10:00:00'),
  ('00000000-0000-0000-0000-000000000003', 'iryna', 'Ірина', 'Коваленко', NULL, '', ' ', '26 000 002', 'Active', 'Leave of Absence', NULL, 0, 0, NULL),
  -- An employee without a login, and one of whom nothing but the login is known.
  ('00000000-0000-0000-0000-000000000004', NULL, '', 'Bērziņš', NULL, '26 000 004', NULL, NULL, NULL, 'Active', 0, 0, 0, NULL),
  ('00000000-0000-0000-0000-000000000005', 'bare', ' ', NULL, NULL, NULL, NULL, NULL, 'Active', NULL, NULL, NULL, NULL, NULL),
  ('00000000-0000-0000-0000-000000000006', 'inactive', 'Ina', 'Inactive', NULL, '26 000 006', NULL, NULL, 'Inactive', 'Active', 0, 0, 0, NULL),
  ('00000000-0000-0000-0000-000000000007', 'fired', 'Ted', 'Terminated', NULL, '26 000 007', NULL, NULL, 'Active', 'Terminated', 0, 0, 0, NULL),
  ('00000000-0000-0000-0000-000000000008', 'gone', 'Dan', 'Deleted', NULL, '26 000 008', NULL, NULL, 'Active', 'Active', 1, 0, 0, NULL),
  ('00000000-0000-0000-0000-000000000009', 'nothing', 'No', 'Status', NULL, '26 000 009', NULL, NULL, NULL, NULL, 0, 0, 0, NULL),
  ('00000000-0000-0000-0000-000000000010', 'inbox', NULL, 'Shared Inbox', NULL, NULL, NULL, NULL, 'Active', 'Active', 0, 1, 0, NULL),
  ('00000000-0000-0000-0000-000000000011', 'portal', 'Portal', 'Account', NULL, '26 000 011', NULL, NULL, 'Active', 'Active', 0, 0, 1, NULL);
INSERT INTO acl_roles (id, name, deleted) VALUES ('r1', 'Sales', 0), ('r2', 'Менеджер', NULL), ('r3', 'Old', 1);
INSERT INTO acl_roles_users (id, role_id, user_id, deleted) VALUES ('l1', 'r1', 'seed_sarah_id', 0), ('l2', 'r2', 'seed_sarah_id', NULL),
  ('l3', 'r3', 'seed_sarah_id', 0), ('l4', 'r1', '00000000-0000-0000-0000-000000000003', 1);
INSERT INTO email_addresses (id, email_address, deleted) VALUES ('e1', 'sarah@example.com', 0), ('e2', 'sarah@home.example', 0),
  ('e3', 'old@example.com', 1), ('e4', 'contact@buyer.example', 0);
INSERT INTO email_addr_bean_rel (id, email_address_id, bean_id, bean_module, primary_address, deleted) VALUES
  ('b1', 'e1', 'seed_sarah_id', 'Users', 1, 0), ('b2', 'e2', 'seed_sarah_id', 'Users', 0, 0),
  ('b3', 'e3', '00000000-0000-0000-0000-000000000003', 'Users', 1, 0), ('b4', 'e4', '1', 'Contacts', 1, 0),
  ('b5', 'e2', '1', 'Users', 1, 1);
