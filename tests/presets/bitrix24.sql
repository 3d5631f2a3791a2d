-- Bitrix24 self-hosted, as far as it matters here.
CREATE TABLE b_user (
  ID int NOT NULL AUTO_INCREMENT PRIMARY KEY, TIMESTAMP_X timestamp NULL, LOGIN varchar(50) NOT NULL, ACTIVE char(1) NOT NULL DEFAULT 'Y',
  NAME varchar(50), LAST_NAME varchar(50), SECOND_NAME varchar(50), EMAIL varchar(255), PERSONAL_PHONE varchar(255),
  PERSONAL_MOBILE varchar(255), WORK_PHONE varchar(255), EXTERNAL_AUTH_ID varchar(255), BLOCKED char(1) NOT NULL DEFAULT 'N'
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE b_uts_user (VALUE_ID int NOT NULL PRIMARY KEY, UF_DEPARTMENT text) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE b_user_phone_auth (USER_ID int NOT NULL PRIMARY KEY, PHONE_NUMBER varchar(25) NOT NULL UNIQUE, CONFIRMED char(1) DEFAULT 'N')
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE b_group (ID int NOT NULL AUTO_INCREMENT PRIMARY KEY, ACTIVE char(1) NOT NULL DEFAULT 'Y', NAME varchar(255) NOT NULL, STRING_ID varchar(255))
  DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE b_user_group (USER_ID int NOT NULL, GROUP_ID int NOT NULL, DATE_ACTIVE_FROM datetime, DATE_ACTIVE_TO datetime, UNIQUE (USER_ID, GROUP_ID));

INSERT INTO b_user (ID, TIMESTAMP_X, LOGIN, ACTIVE, NAME, LAST_NAME, EMAIL, PERSONAL_PHONE, PERSONAL_MOBILE, WORK_PHONE, EXTERNAL_AUTH_ID, BLOCKED) VALUES
  (1, '2026-01-01 10:00:00', 'admin', 'Y', '', NULL, 'admin@example.com', NULL, NULL, NULL, NULL, 'N'),
  (2, '2026-01-01 10:00:00', 'anna', 'Y', 'Анна', 'Озола', 'anna@example.com', '67 111 111', '8 (926) 123-45-67', '67 000 100', '', 'N'),
  (3, NULL, 'iryna', 'Y', 'Ірина', 'Коваленко', ' ', '26 000 003', '', ' ', 'socservices', 'N'),
  (4, NULL, 'fired', 'N', 'Fired', 'Person', NULL, NULL, '26 000 004', NULL, NULL, 'N'),
  (5, NULL, 'blocked', 'Y', 'Blocked', 'Person', NULL, NULL, '26 000 005', NULL, NULL, 'Y'),
  (6, NULL, 'bot_helper', 'Y', 'Helper', NULL, NULL, NULL, NULL, NULL, 'bot', 'N'),
  (7, NULL, 'imconnector_1', 'Y', 'Client', 'Of Chat', NULL, NULL, '26 000 007', NULL, 'imconnector', 'N'),
  (8, NULL, 'extranet', 'Y', 'Guest', 'Partner', 'guest@partner.example', NULL, '26 000 008', NULL, NULL, 'N'),
  (9, NULL, 'shop', 'Y', 'Customer', 'Shop', NULL, NULL, '26 000 009', NULL, NULL, 'N');
INSERT INTO b_uts_user VALUES (1, 'a:1:{i:0;i:1;}'), (2, 'a:2:{i:0;i:3;i:1;i:5;}'), (3, 'a:1:{i:0;i:3;}'), (4, 'a:1:{i:0;i:3;}'), (5, 'a:1:{i:0;i:3;}'),
  (6, 'a:1:{i:0;i:1;}'), (7, 'a:1:{i:0;i:1;}'), (8, 'a:0:{}');
INSERT INTO b_user_phone_auth VALUES (3, '+37126000100', 'Y'), (2, '+37126000200', 'N');
INSERT INTO b_group VALUES (1, 'Y', 'Administrators', 'ADMINS'), (3, 'Y', 'Отдел продаж', NULL), (4, 'Y', 'Portal users', ''), (5, 'N', 'Closed', 'CLOSED');
INSERT INTO b_user_group VALUES (1, 1, NULL, NULL), (2, 3, NULL, NULL), (2, 4, '2020-01-01', '2999-12-31'), (2, 1, NULL, '2020-12-31'), (2, 5, NULL, NULL),
  (3, 1, '2999-01-01', NULL);
