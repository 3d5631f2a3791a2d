-- Krayin 2 on MySQL or MariaDB, as far as it matters here.
CREATE TABLE roles (id int unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(255) NOT NULL, permission_type varchar(255) NOT NULL, permissions json)
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE users (
  id int unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255) NOT NULL UNIQUE,
  password varchar(255), status tinyint(1) NOT NULL DEFAULT 0, role_id int unsigned NOT NULL,
  created_at timestamp NULL, updated_at timestamp NULL
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE persons (
  id int unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(255) NOT NULL, emails json NOT NULL, contact_numbers json,
  user_id int unsigned, created_at timestamp NULL, updated_at timestamp NULL
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;

INSERT INTO roles (id, name, permission_type) VALUES (1, 'Administrator', 'all'), (2, 'Продажи', 'custom');
INSERT INTO users (id, name, email, status, role_id, created_at, updated_at) VALUES
  (1, 'Example', 'admin@example.com', 1, 1, '2026-01-01 10:00:00', NULL),
  (2, 'Anna Ozola', 'anna@example.com', 1, 2, NULL, NULL),
  (3, 'Ірина Коваленко', 'iryna@example.com', 1, 2, '2026-01-01 10:00:00', '2026-02-01 10:00:00'),
  (4, ' Left Lately ', 'left@example.com', 0, 2, '2026-01-01 10:00:00', NULL),
  -- "_" is any letter in a pattern.
  (5, 'Under Score', 'a_b@example.com', 1, 2, '2026-01-01 10:00:00', NULL),
  (6, 'Odd "Mail"', 'o''dd"\\mail@example.com', 1, 2, '2026-01-01 10:00:00', NULL);
INSERT INTO persons (id, name, emails, contact_numbers, user_id) VALUES
  (1, 'Not Anna', '[{"value": "not-anna@example.com", "label": "work"}]', '[{"value": "26000100", "label": "work"}]', 2),
  (2, 'Anna Ozola', '[{"value": "private@home.example", "label": "home"}, {"value": "anna@example.com", "label": "work"}]',
    '[{"value": "+371 26 000-002", "label": "work"}, {"value": "67 000 002", "label": "home"}, {"value": null}, {"value": "26000999"}]', NULL),
  -- The same person twice.
  (3, 'Anna Again', '[{"value": "anna@example.com", "label": "work"}]', '[{"value": "26000300", "label": "work"}]', NULL),
  (4, 'Iryna', '[{"value": "iryna@example.com", "label": "work"}]', '[]', NULL),
  (5, 'Left', '[{"value": "left@example.com", "label": "work"}]', '[{"value": "26000004", "label": "work"}]', NULL),
  (6, 'Nearly', '[{"value": "aXb@example.com", "label": "work"}]', '[{"value": "26000600", "label": "work"}]', NULL),
  (7, 'No numbers', '[{"value": "admin@example.com", "label": "work"}]', NULL, NULL),
  (8, 'Odd', '[{"value": "o''dd\\"\\\\mail@example.com", "label": "work"}]', '[{"value": "+371 26 000-002"}]', NULL);
