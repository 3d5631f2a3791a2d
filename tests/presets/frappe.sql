-- People of ERPNext and Frappe CRM, for both databases.
INSERT INTO "tabUser" (name, modified, enabled, email, first_name, last_name, full_name, user_type, mobile_no, phone) VALUES
  ('Administrator', '2026-01-01 10:00:00', 1, 'admin@example.com', 'Administrator', NULL, 'Administrator', 'System User', NULL, NULL),
  ('Guest', '2026-01-01 10:00:00', 1, 'guest@example.com', 'Guest', NULL, 'Guest', 'Website User', NULL, NULL),
  ('anna@example.com', '2026-01-01 10:00:00', 1, 'anna@example.com', 'Anna', 'Ozola', 'Anna Ozola', 'System User', '+371 26-000-001', '67 000 100'),
  ('iryna@example.com', '2026-01-01 10:00:00', 1, 'iryna@example.com', 'Ірина', 'Коваленко', 'Ірина Коваленко', 'System User', NULL, '67 000 100'),
  ('bare@example.com', NULL, 1, NULL, NULL, NULL, NULL, 'System User', '', NULL),
  ('off@example.com', '2026-01-01 10:00:00', 0, 'off@example.com', 'Switched', 'Off', '  ', 'System User', '26 000 004', NULL),
  ('customer@buyer.example', '2026-01-01 10:00:00', 1, 'customer@buyer.example', 'Bob', 'Buyer', 'Bob Buyer', 'Website User', '26 000 005', NULL);
INSERT INTO "tabHas Role" (name, parent, parenttype, parentfield, role) VALUES
  ('hr1', 'anna@example.com', 'User', 'roles', 'Sales User'), ('hr2', 'anna@example.com', 'User', 'roles', 'Менеджер'),
  -- A role profile of the same name, and a page.
  ('hr3', 'anna@example.com', 'Role Profile', 'roles', 'Accounts User'), ('hr4', 'iryna@example.com', 'Page', 'roles', 'Sales Manager'),
  ('hr5', 'off@example.com', 'User', 'roles', 'Sales User');
INSERT INTO "tabEmployee" (name, modified, employee_name, first_name, middle_name, last_name, status, company, cell_number, company_email, user_id) VALUES
  ('HR-EMP-00001', '2026-02-01 10:00:00', 'Anna Ozola', 'Anna', NULL, 'Ozola', 'Active', 'Acme', NULL, 'anna.work@example.com', 'anna@example.com'),
  ('HR-EMP-00002', '2026-02-01 10:00:00', '', 'Ірина', ' ', 'Коваленко', 'Active', 'Acme', '26 000 002', '', 'iryna@example.com'),
  -- No login.
  ('HR-EMP-00003', '2026-02-01 10:00:00', 'Ilze Lāce', 'Ilze', NULL, 'Lāce', 'Active', 'Acme', '26 000 002', NULL, NULL),
  ('Warehouse 2', NULL, NULL, NULL, NULL, NULL, 'Active', 'Acme', NULL, NULL, NULL),
  ('HR-EMP-00004', '2026-02-01 10:00:00', 'Switched Off', 'Switched', NULL, 'Off', 'Active', 'Acme', '26 000 004', NULL, 'off@example.com'),
  ('HR-EMP-00005', '2026-02-01 10:00:00', 'Left Lately', 'Left', NULL, 'Lately', 'Left', 'Acme', '26 000 006', NULL, NULL),
  ('HR-EMP-00006', '2026-02-01 10:00:00', 'Suspended Sam', 'Sam', NULL, NULL, 'Suspended', 'Acme', '26 000 007', NULL, NULL),
  ('HR-EMP-00007', '2026-02-01 10:00:00', 'No Status', 'No', NULL, 'Status', NULL, 'Acme', '26 000 008', NULL, NULL),
  ('HR-EMP-00008', '2026-02-01 10:00:00', 'Other Company', 'Other', NULL, 'Company', 'Active', 'It''s \ "Acme" Ltd', '26 000 009', NULL, NULL);
