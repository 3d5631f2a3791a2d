-- EspoCRM 9 and 10 on MySQL or MariaDB, as far as it matters here.
SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES');
CREATE TABLE "user" (
  id varchar(17) PRIMARY KEY, deleted tinyint(1) DEFAULT 0, delete_id varchar(17) NOT NULL DEFAULT '0', user_name varchar(50),
  type varchar(24) DEFAULT 'regular', first_name varchar(100), last_name varchar(100), middle_name varchar(100),
  is_active tinyint(1) NOT NULL DEFAULT 1, created_at datetime, modified_at datetime
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE phone_number (
  id varchar(17) PRIMARY KEY, name varchar(36), deleted tinyint(1) DEFAULT 0, type varchar(255), "numeric" varchar(36),
  invalid tinyint(1) NOT NULL DEFAULT 0, opt_out tinyint(1) NOT NULL DEFAULT 0
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE entity_phone_number (
  id bigint AUTO_INCREMENT PRIMARY KEY, entity_id varchar(17), phone_number_id varchar(17), entity_type varchar(100),
  "primary" tinyint(1) DEFAULT 0, deleted tinyint(1) DEFAULT 0
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE email_address (
  id varchar(17) PRIMARY KEY, name varchar(255), deleted tinyint(1) DEFAULT 0, lower varchar(255),
  invalid tinyint(1) NOT NULL DEFAULT 0, opt_out tinyint(1) NOT NULL DEFAULT 0
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE entity_email_address (
  id bigint AUTO_INCREMENT PRIMARY KEY, entity_id varchar(17), email_address_id varchar(17), entity_type varchar(100),
  "primary" tinyint(1) DEFAULT 0, deleted tinyint(1) DEFAULT 0
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE role (id varchar(17) PRIMARY KEY, name varchar(150), deleted tinyint(1) DEFAULT 0)
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE role_user (id bigint AUTO_INCREMENT PRIMARY KEY, role_id varchar(17), user_id varchar(17), deleted tinyint(1) DEFAULT 0)
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE team (id varchar(17) PRIMARY KEY, name varchar(100), deleted tinyint(1) DEFAULT 0)
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE team_user (
  id bigint AUTO_INCREMENT PRIMARY KEY, team_id varchar(17), user_id varchar(17), role varchar(100), deleted tinyint(1) DEFAULT 0
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE role_team (id bigint AUTO_INCREMENT PRIMARY KEY, role_id varchar(17), team_id varchar(17), deleted tinyint(1) DEFAULT 0)
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
