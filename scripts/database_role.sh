#!/bin/sh
# Runs in the database's container when its volume is new (compose.yaml), and by hand as PostgreSQL's
# superuser: makes the database and its two roles, or brings those that are there to this state, as
# often as it is run (docs/deployment.md). `glexia_owner` owns the database and whatever migrations
# make; `glexia`, as which the product serves, owns nothing, and so can drop no trigger and alter no
# table. No password comes into the list of processes.
set -eu
: "${OWNER_PASSWORD:?is the password of glexia_owner}" "${DATABASE_PASSWORD:?is that of glexia}"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set database="${DATABASE_NAME:-glexia}" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv password DATABASE_PASSWORD
SELECT format('CREATE ROLE %I LOGIN', name) FROM (VALUES ('glexia_owner'), ('glexia')) made (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE glexia_owner PASSWORD :'owner_password';
ALTER ROLE glexia PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER glexia_owner TEMPLATE template0 ENCODING ''UTF8'''
    ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C''', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :database
BEGIN;
-- What the product's role owned when there was one role.
REASSIGN OWNED BY glexia TO glexia_owner;
ALTER DATABASE :"database" OWNER TO glexia_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC, glexia;
GRANT CONNECT ON DATABASE :"database" TO glexia;
REVOKE ALL ON SCHEMA public FROM PUBLIC, glexia;
GRANT USAGE, CREATE ON SCHEMA public TO glexia_owner;
GRANT USAGE ON SCHEMA public TO glexia;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO glexia;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO glexia;
ALTER DEFAULT PRIVILEGES FOR ROLE glexia_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO glexia;
ALTER DEFAULT PRIVILEGES FOR ROLE glexia_owner IN SCHEMA public
    GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO glexia;
COMMIT;
SQL
