-- Dolibarr on PostgreSQL, as far as it matters here. Its installer turns tinyint into smallint.
CREATE TABLE llx_user (
  rowid serial PRIMARY KEY, entity integer NOT NULL DEFAULT 1, employee smallint DEFAULT 1, tms timestamp DEFAULT now(),
  login varchar(50) NOT NULL, lastname varchar(50), firstname varchar(50), office_phone varchar(20), user_mobile varchar(20),
  personal_mobile varchar(20), email varchar(255), fk_soc integer, statut smallint DEFAULT 1, dateemploymentend date,
  datestartvalidity timestamp, dateendvalidity timestamp
);
CREATE TABLE llx_usergroup (rowid serial PRIMARY KEY, nom varchar(180) NOT NULL, entity integer NOT NULL DEFAULT 1);
CREATE TABLE llx_usergroup_user (
  rowid serial PRIMARY KEY, entity integer NOT NULL DEFAULT 1, fk_user integer NOT NULL, fk_usergroup integer NOT NULL
);
