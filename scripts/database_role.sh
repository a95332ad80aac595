#!/bin/sh
# Runs in the database's container when its volume is new (compose.yaml): a role for the product
# that owns its database and is no superuser. The password stays out of the list of processes.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv password DATABASE_PASSWORD
CREATE ROLE glexia LOGIN PASSWORD :'password';
CREATE DATABASE glexia OWNER glexia TEMPLATE template0 ENCODING 'UTF8'
    LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
REVOKE ALL ON DATABASE glexia FROM PUBLIC;
SQL
