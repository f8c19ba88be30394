#!/bin/sh
# Runs once, when the database volume is new: one database per service, owned by a role that only migrations use, and
# a role for the service itself that owns nothing. Passwords come from <SERVICE>_OWNER_PASSWORD and <SERVICE>_PASSWORD.
set -eu

for service in gateway customer sales service_desk expenses workflow notify insight; do
  upper=$(printf %s "$service" | tr '[:lower:]' '[:upper:]')
  eval "app_password=\${${upper}_PASSWORD:?} owner_password=\${${upper}_OWNER_PASSWORD:?}"
  psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set app="crm_$service" --set owner="crm_${service}_owner" \
    --set app_password="$app_password" --set owner_password="$owner_password" <<'SQL'
CREATE ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
CREATE DATABASE :"app" OWNER :"owner" TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"app" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"app" TO :"app";
SQL
done
