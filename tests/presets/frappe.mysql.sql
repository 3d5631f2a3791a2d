-- What ERPNext and Frappe CRM share, on MariaDB.
SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES');
CREATE TABLE "tabUser" (
  name varchar(140) PRIMARY KEY, creation datetime(6), modified datetime(6), enabled int(1) NOT NULL DEFAULT 1,
  email varchar(140), first_name varchar(140), middle_name varchar(140), last_name varchar(140), full_name varchar(140),
  user_type varchar(140), mobile_no varchar(140) UNIQUE, phone varchar(140)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE "tabHas Role" (
  name varchar(140) PRIMARY KEY, parent varchar(140), parenttype varchar(140), parentfield varchar(140), role varchar(140)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE "tabEmployee" (
  name varchar(140) PRIMARY KEY, creation datetime(6), modified datetime(6), employee_name varchar(140), first_name varchar(140),
  middle_name varchar(140), last_name varchar(140), status varchar(140), company varchar(140), cell_number varchar(140),
  company_email varchar(140), personal_email varchar(140), user_id varchar(140)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
