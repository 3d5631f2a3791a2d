-- What ERPNext and Frappe CRM share, on PostgreSQL: flags are smallint.
CREATE TABLE "tabUser" (
  name varchar(140) PRIMARY KEY, creation timestamp(6), modified timestamp(6), enabled smallint NOT NULL DEFAULT 1,
  email varchar(140), first_name varchar(140), middle_name varchar(140), last_name varchar(140), full_name varchar(140),
  user_type varchar(140), mobile_no varchar(140) UNIQUE, phone varchar(140)
);
CREATE TABLE "tabHas Role" (
  name varchar(140) PRIMARY KEY, parent varchar(140), parenttype varchar(140), parentfield varchar(140), role varchar(140)
);
CREATE TABLE "tabEmployee" (
  name varchar(140) PRIMARY KEY, creation timestamp(6), modified timestamp(6), employee_name varchar(140), first_name varchar(140),
  middle_name varchar(140), last_name varchar(140), status varchar(140), company varchar(140), cell_number varchar(140),
  company_email varchar(140), personal_email varchar(140), user_id varchar(140)
);
