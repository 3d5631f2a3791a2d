-- Dolibarr on MySQL or MariaDB, as far as it matters here.
CREATE TABLE llx_user (
  rowid integer AUTO_INCREMENT PRIMARY KEY, entity integer NOT NULL DEFAULT 1, employee tinyint DEFAULT 1,
  tms timestamp DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  login varchar(50) NOT NULL, lastname varchar(50), firstname varchar(50), office_phone varchar(20), user_mobile varchar(20),
  personal_mobile varchar(20), email varchar(255), fk_soc integer, statut tinyint DEFAULT 1, dateemploymentend date,
  datestartvalidity datetime, dateendvalidity datetime
) ENGINE=innodb DEFAULT CHARSET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE llx_usergroup (rowid integer AUTO_INCREMENT PRIMARY KEY, nom varchar(180) NOT NULL, entity integer NOT NULL DEFAULT 1)
  ENGINE=innodb DEFAULT CHARSET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE llx_usergroup_user (
  rowid integer AUTO_INCREMENT PRIMARY KEY, entity integer NOT NULL DEFAULT 1, fk_user integer NOT NULL, fk_usergroup integer NOT NULL
) ENGINE=innodb;
