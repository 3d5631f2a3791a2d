-- Odoo 17 and 18, as far as it matters here. Up to there a partner has a column mobile.
CREATE TABLE res_company (id serial PRIMARY KEY, name varchar NOT NULL);
CREATE TABLE res_partner (
  id serial PRIMARY KEY, name varchar, complete_name varchar, commercial_partner_id integer, parent_id integer,
  email varchar, phone varchar, mobile varchar, active boolean, write_date timestamp without time zone
);
CREATE TABLE res_users (
  id serial PRIMARY KEY, company_id integer NOT NULL, partner_id integer NOT NULL, active boolean, login varchar NOT NULL UNIQUE,
  password varchar, share boolean, write_date timestamp without time zone
);
CREATE TABLE res_company_users_rel (cid integer NOT NULL, user_id integer NOT NULL, PRIMARY KEY (cid, user_id));
CREATE TABLE hr_employee (
  id serial PRIMARY KEY, name varchar, user_id integer, company_id integer NOT NULL, active boolean,
  work_phone varchar, mobile_phone varchar, work_email varchar, write_date timestamp without time zone,
  UNIQUE (user_id, company_id)
);
CREATE TABLE res_groups (id serial PRIMARY KEY, name jsonb NOT NULL);
CREATE TABLE res_groups_users_rel (gid integer NOT NULL, uid integer NOT NULL, PRIMARY KEY (gid, uid));
CREATE TABLE ir_model_data (
  id serial PRIMARY KEY, name varchar NOT NULL, module varchar NOT NULL, model varchar NOT NULL, res_id integer
);

INSERT INTO res_company VALUES (1, 'Acme'), (2, 'Acme Estonia');

INSERT INTO res_partner (id, name, complete_name, email, phone, mobile, active, write_date) VALUES
  (2, 'OdooBot', 'OdooBot', 'odoobot@example.com', NULL, NULL, false, '2026-01-01 10:00:00'),
  (3, 'Administrator', 'Acme, Administrator', 'admin@example.com', '+371 67 111 111', NULL, true, '2026-01-01 10:00:00'),
  (4, 'Public user', 'Public user', NULL, NULL, NULL, false, '2026-01-01 10:00:00'),
  (5, 'Default User Template', 'Default User Template', NULL, NULL, NULL, false, '2026-01-01 10:00:00'),
  (6, 'Portal User Template', 'Portal User Template', NULL, NULL, NULL, false, '2026-01-01 10:00:00'),
  (7, 'Anna Ozola', 'Acme, Anna Ozola', 'anna@example.com', NULL, '+371 26 000 007', true, '2026-01-01 10:00:00'),
  (8, 'Līga Bērziņa', 'Acme, Līga Bērziņa', NULL, '(+371) 67-000-008', NULL, true, '2026-01-01 10:00:00'),
  (9, 'Ірина Коваленко', 'Acme, Ірина Коваленко', 'iryna@example.com', '26 000 007', NULL, true, '2026-01-01 10:00:00'),
  (10, '   ', NULL, '', '', ' ', true, NULL),
  (11, 'Gone Long Ago', 'Acme, Gone Long Ago', 'gone@example.com', NULL, '26 000 011', true, '2026-01-01 10:00:00'),
  (12, 'Left Lately', 'Acme, Left Lately', 'left@example.com', NULL, '26 000 012', true, '2026-01-01 10:00:00'),
  (13, 'Two Hats', 'Acme, Two Hats', 'two@example.com', NULL, NULL, true, '2026-01-01 10:00:00'),
  (14, 'A Customer', 'Buyer Ltd, A Customer', 'customer@buyer.example', '+371 67 000 014', NULL, true, '2026-01-01 10:00:00'),
  (15, 'Tõnu Tamm', 'Acme Estonia, Tõnu Tamm', NULL, '+372 5123 4567', NULL, true, '2026-01-01 10:00:00'),
  (17, 'Unset', 'Acme, Unset', NULL, NULL, NULL, true, '2026-01-01 10:00:00');

INSERT INTO res_users (id, company_id, partner_id, active, login, share, write_date) VALUES
  (1, 1, 2, false, '__system__', false, '2026-01-01 10:00:00'),
  (2, 1, 3, true, 'admin', false, '2026-01-01 10:00:00'),
  (3, 1, 4, false, 'public', true, '2026-01-01 10:00:00'),
  (4, 1, 5, false, 'default', false, '2026-01-01 10:00:00'),
  -- Made by hand, so that nothing ever computed what share is.
  (5, 1, 6, false, 'portaltemplate', NULL, '2026-01-01 10:00:00'),
  (7, 1, 7, true, 'anna@example.com', false, '2026-01-01 10:00:00'),
  (8, 1, 8, true, 'liga', NULL, '2026-01-01 10:00:00'),
  (9, 1, 9, true, 'iryna', false, '2026-01-01 10:00:00'),
  (10, 1, 10, true, 'warehouse@example.com', false, NULL),
  (11, 1, 11, false, 'gone', false, '2026-01-01 10:00:00'),
  (12, 1, 12, true, 'left', false, '2026-01-01 10:00:00'),
  (13, 2, 13, true, 'two', false, '2026-01-01 10:00:00'),
  (14, 1, 14, true, 'customer@buyer.example', true, '2026-01-01 10:00:00'),
  (15, 2, 15, true, 'tonu', false, '2026-01-01 10:00:00'),
  (16, 2, 15, NULL, 'tonu-old', false, '2026-01-01 10:00:00'),
  (17, 1, 17, true, 'unset', false, '2026-01-01 10:00:00');

INSERT INTO res_company_users_rel (cid, user_id)
  SELECT company_id, id FROM res_users UNION SELECT 1, 13;

INSERT INTO hr_employee (id, name, user_id, company_id, active, work_phone, mobile_phone, work_email, write_date) VALUES
  (1, 'Līga Bērziņa', 8, 1, true, '67 000 100', '26-000-008', 'liga.work@example.com', '2026-02-01 10:00:00'),
  (2, 'Ірина Коваленко', 9, 1, true, '67 000 100', NULL, NULL, '2026-02-01 10:00:00'),
  -- Archived as an employee, the user not yet.
  (3, 'Left Lately', 12, 1, false, NULL, '26 000 012', NULL, '2026-02-01 10:00:00'),
  -- Left the own company and works for the other one.
  (4, 'Two Hats', 13, 2, false, NULL, '26 000 113', NULL, '2026-02-01 10:00:00'),
  (5, 'Two Hats', 13, 1, true, NULL, '26 000 213', NULL, '2026-02-01 10:00:00'),
  (6, 'No Login', NULL, 1, true, NULL, '26 000 300', NULL, '2026-02-01 10:00:00'),
  (7, 'Tõnu Tamm', 15, 2, true, NULL, NULL, NULL, NULL),
  -- Odoo takes a flag that nobody set for no.
  (8, 'Unset', 17, 1, NULL, '67 000 017', NULL, NULL, NULL);

INSERT INTO res_groups VALUES (20, '{"en_US": "User: Own Documents Only"}'), (21, '{"en_US": "User: All Documents"}'),
  (22, '{"en_US": "Administrator"}'), (23, '{"en_US": "Settings"}');
INSERT INTO ir_model_data (name, module, model, res_id) VALUES
  ('group_sale_salesman', 'sales_team', 'res.groups', 20),
  ('group_sale_salesman_all_leads', 'sales_team', 'res.groups', 21),
  ('group_sale_manager', 'sales_team', 'res.groups', 22),
  ('group_system', 'base', 'res.groups', 23),
  -- The same number in another table is no group.
  ('salesteam_website_sales', 'sales_team', 'crm.team', 23);
INSERT INTO res_groups_users_rel (gid, uid) VALUES (20, 7), (20, 8), (21, 8), (22, 8), (23, 2), (23, 8);
