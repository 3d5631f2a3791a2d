-- EspoCRM 9 and 10 on PostgreSQL, as far as it matters here.
CREATE TABLE "user" (
  id varchar(17) PRIMARY KEY, deleted boolean DEFAULT false, delete_id varchar(17) NOT NULL DEFAULT '0', user_name varchar(50),
  type varchar(24) DEFAULT 'regular', first_name varchar(100), last_name varchar(100), middle_name varchar(100),
  is_active boolean NOT NULL DEFAULT true, created_at timestamp, modified_at timestamp
);
CREATE TABLE phone_number (
  id varchar(17) PRIMARY KEY, name varchar(36), deleted boolean DEFAULT false, type varchar(255), "numeric" varchar(36),
  invalid boolean NOT NULL DEFAULT false, opt_out boolean NOT NULL DEFAULT false
);
CREATE TABLE entity_phone_number (
  id serial PRIMARY KEY, entity_id varchar(17), phone_number_id varchar(17), entity_type varchar(100),
  "primary" boolean DEFAULT false, deleted boolean DEFAULT false
);
CREATE TABLE email_address (
  id varchar(17) PRIMARY KEY, name varchar(255), deleted boolean DEFAULT false, lower varchar(255),
  invalid boolean NOT NULL DEFAULT false, opt_out boolean NOT NULL DEFAULT false
);
CREATE TABLE entity_email_address (
  id serial PRIMARY KEY, entity_id varchar(17), email_address_id varchar(17), entity_type varchar(100),
  "primary" boolean DEFAULT false, deleted boolean DEFAULT false
);
CREATE TABLE role (id varchar(17) PRIMARY KEY, name varchar(150), deleted boolean DEFAULT false);
CREATE TABLE role_user (id serial PRIMARY KEY, role_id varchar(17), user_id varchar(17), deleted boolean DEFAULT false);
CREATE TABLE team (id varchar(17) PRIMARY KEY, name varchar(100), deleted boolean DEFAULT false);
CREATE TABLE team_user (
  id serial PRIMARY KEY, team_id varchar(17), user_id varchar(17), role varchar(100), deleted boolean DEFAULT false
);
CREATE TABLE role_team (id serial PRIMARY KEY, role_id varchar(17), team_id varchar(17), deleted boolean DEFAULT false);
