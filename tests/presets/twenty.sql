-- Twenty: the schema of one workspace, as far as it matters here, and what all workspaces share.
CREATE SCHEMA core;
CREATE TABLE core.workspace (id uuid PRIMARY KEY, "displayName" text);
CREATE TABLE core."user" (id uuid PRIMARY KEY, email text);
CREATE TABLE core."userWorkspace" (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "userId" uuid NOT NULL, "workspaceId" uuid NOT NULL, "deletedAt" timestamptz
);
CREATE TABLE core.role (id uuid PRIMARY KEY, label text NOT NULL, "workspaceId" uuid NOT NULL);
CREATE TABLE core."roleTarget" (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "workspaceId" uuid NOT NULL, "roleId" uuid NOT NULL, "userWorkspaceId" uuid,
  "agentId" uuid, "apiKeyId" uuid
);

-- The name of the schema is a number in base 36 and may hold anything that is no letter of our alphabet either.
CREATE SCHEMA "workspace_3l7a""x";
SET search_path = "workspace_3l7a""x";
CREATE TYPE "workspaceMember_dateFormat_enum" AS ENUM ('SYSTEM', 'DAY_FIRST');
CREATE TABLE "workspaceMember" (
  id uuid PRIMARY KEY, "userId" uuid NOT NULL, "nameFirstName" text, "nameLastName" text, "userEmail" text UNIQUE,
  "createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz,
  "dateFormat" "workspaceMember_dateFormat_enum" NOT NULL DEFAULT 'SYSTEM', position double precision,
  "searchVector" tsvector GENERATED ALWAYS AS (to_tsvector('simple', COALESCE("nameFirstName", ''))) STORED,
  -- The field that the company added, once as "phone" and once under another name.
  "phonePrimaryPhoneNumber" text, "phonePrimaryPhoneCountryCode" text, "phonePrimaryPhoneCallingCode" text,
  "phoneAdditionalPhones" jsonb,
  "workMobilePrimaryPhoneNumber" text, "workMobilePrimaryPhoneCountryCode" text,
  "workMobilePrimaryPhoneCallingCode" text, "workMobileAdditionalPhones" jsonb
);

INSERT INTO "workspaceMember" (id, "userId", "nameFirstName", "nameLastName", "userEmail", "deletedAt",
    "phonePrimaryPhoneNumber", "phonePrimaryPhoneCountryCode", "phonePrimaryPhoneCallingCode", "phoneAdditionalPhones") VALUES
  ('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000b1', 'Anna', 'Ozola', 'anna@example.com', NULL,
    '26000001', 'LV', '+371', '[{"number": "67000001", "countryCode": "LV", "callingCode": "+371"}, {"number": "+37251234567"}]'),
  ('00000000-0000-0000-0000-0000000000a2', '00000000-0000-0000-0000-0000000000b2', '', NULL, 'nobody@example.com', NULL,
    '', '', '+371', '[]'),
  -- Written before Twenty split numbers: whole, or with the country only.
  ('00000000-0000-0000-0000-0000000000a3', '00000000-0000-0000-0000-0000000000b3', 'Ірина', ' ', 'iryna@example.com', NULL,
    '+380 50 123 4567', 'UA', '+380', NULL),
  ('00000000-0000-0000-0000-0000000000a4', '00000000-0000-0000-0000-0000000000b4', NULL, 'Tamm', 'tamm@example.com', NULL,
    '5123 4567', 'EE', NULL, 'null'),
  ('00000000-0000-0000-0000-0000000000a5', '00000000-0000-0000-0000-0000000000b5', 'Same', 'Phone', 'same@example.com', NULL,
    '26000001', '', '+371', '[{"number": "", "callingCode": "+371"}, {"number": null}]'),
  ('00000000-0000-0000-0000-0000000000a6', '00000000-0000-0000-0000-0000000000b6', 'Removed', 'Member', 'removed@example.com',
    '2026-01-01', '26000006', 'LV', '+371', NULL),
  ('00000000-0000-0000-0000-0000000000a7', '00000000-0000-0000-0000-0000000000b7', 'Only', 'Additional', 'only@example.com', NULL,
    NULL, NULL, NULL, '[{"number": "26 000 007", "callingCode": "+371"}]');
UPDATE "workspaceMember" SET "workMobilePrimaryPhoneNumber" = '26009999', "workMobilePrimaryPhoneCallingCode" = '+371'
  WHERE "userEmail" = 'anna@example.com';
RESET search_path;

INSERT INTO core.role VALUES
  ('00000000-0000-0000-0000-0000000000c1', 'Admin', '20202020-1c25-4d02-bf25-6aeccf7ea419'),
  ('00000000-0000-0000-0000-0000000000c2', 'Продажи', '20202020-1c25-4d02-bf25-6aeccf7ea419'),
  ('00000000-0000-0000-0000-0000000000c3', 'Elsewhere', '3b8e6458-5fc1-4e63-8563-008ccddaa6db');
INSERT INTO core."userWorkspace" (id, "userId", "workspaceId", "deletedAt") VALUES
  ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000b1', '20202020-1c25-4d02-bf25-6aeccf7ea419', NULL),
  -- Anna is in another workspace too.
  ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000b1', '3b8e6458-5fc1-4e63-8563-008ccddaa6db', NULL),
  ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000b3', '20202020-1c25-4d02-bf25-6aeccf7ea419', NULL),
  ('00000000-0000-0000-0000-0000000000d6', '00000000-0000-0000-0000-0000000000b6', '20202020-1c25-4d02-bf25-6aeccf7ea419', '2026-01-01');
INSERT INTO core."roleTarget" ("workspaceId", "roleId", "userWorkspaceId", "apiKeyId") VALUES
  ('20202020-1c25-4d02-bf25-6aeccf7ea419', '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000d1', NULL),
  ('3b8e6458-5fc1-4e63-8563-008ccddaa6db', '00000000-0000-0000-0000-0000000000c3', '00000000-0000-0000-0000-0000000000d2', NULL),
  ('20202020-1c25-4d02-bf25-6aeccf7ea419', '00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000d3', NULL),
  ('20202020-1c25-4d02-bf25-6aeccf7ea419', '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000d6', NULL),
  ('20202020-1c25-4d02-bf25-6aeccf7ea419', '00000000-0000-0000-0000-0000000000c1', NULL, gen_random_uuid());
