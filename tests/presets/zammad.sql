-- Zammad, as far as it matters here. Customers share the table with agents.
CREATE TABLE users (
  id bigserial PRIMARY KEY, login varchar(255) NOT NULL UNIQUE, firstname varchar(100) DEFAULT '', lastname varchar(100) DEFAULT '',
  email varchar(255) DEFAULT '', phone varchar(100) DEFAULT '', mobile varchar(100) DEFAULT '',
  active boolean NOT NULL DEFAULT true, out_of_office boolean NOT NULL DEFAULT false,
  updated_at timestamp(3) NOT NULL DEFAULT '2026-01-01'
);
CREATE TABLE roles (id bigserial PRIMARY KEY, name varchar(100) NOT NULL UNIQUE, active boolean NOT NULL DEFAULT true);
CREATE TABLE roles_users (user_id bigint, role_id bigint);
CREATE TABLE permissions (id bigserial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE, active boolean NOT NULL DEFAULT true);
CREATE TABLE permissions_roles (role_id bigint, permission_id bigint);

INSERT INTO permissions (id, name) VALUES (1, 'admin'), (2, 'admin.user'), (3, 'ticket.agent'), (4, 'ticket.customer'),
  (5, 'knowledge_base.reader'), (6, 'user_preferences');
INSERT INTO roles (id, name, active) VALUES (1, 'Admin', true), (2, 'Agent', true), (3, 'Customer', true), (4, 'VIP', true),
  (5, 'HR', true), (6, 'Old agents', false);
INSERT INTO permissions_roles (role_id, permission_id) VALUES (1, 1), (1, 6), (2, 3), (2, 5), (2, 6), (3, 4), (4, 4), (4, 5),
  (5, 2), (6, 3);

INSERT INTO users (id, login, firstname, lastname, email, phone, mobile, active) VALUES
  (1, '-', '-', '', '', '', '', false),
  (2, 'nicole.braun@zammad.org', 'Nicole', 'Braun', 'nicole.braun@zammad.org', '', '', true),
  (3, 'admin@example.com', 'Ада', '', 'admin@example.com', '67 000 003', '', true),
  (4, 'anna', 'Anna', 'Ozola', 'anna@example.com', '67 000 003', '+371 / 26 000 004', true),
  (5, 'vip@buyer.example', 'Very', 'Important', 'vip@buyer.example', '', '26 000 005', true),
  (6, 'hr', NULL, NULL, NULL, NULL, NULL, true),
  (7, 'left', 'Left', 'Lately', 'left@example.com', '', '26 000 007', false),
  (8, 'old', 'Old', 'Agent', 'old@example.com', '', '26 000 008', true);
INSERT INTO roles_users (user_id, role_id) VALUES (1, 1), (2, 3), (3, 1), (3, 2), (3, 3), (4, 2), (5, 3), (5, 4), (6, 5), (7, 2),
  (8, 6), (8, 3);
