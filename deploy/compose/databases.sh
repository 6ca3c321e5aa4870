#!/bin/sh
# One database per service, a role that owns and migrates it, and the service's own role, which row policies bind.
# Made when the server's volume is new; run again by hand, it brings an older volume to the same.
set -eu
for service in customer scoring campaign; do
  psql --set ON_ERROR_STOP=1 --username postgres --set "password=$POSTGRES_PASSWORD" <<SQL
select format('create role %I', role) from unnest(array['${service}', '${service}_owner']) as role
  where role not in (select rolname from pg_roles) \\gexec
alter role ${service} login nosuperuser nocreatedb nocreaterole nobypassrls password :'password';
alter role ${service}_owner login nosuperuser nocreatedb nocreaterole nobypassrls password :'password';
select 'create database $service owner ${service}_owner'
  where '$service' not in (select datname from pg_database) \\gexec
\\connect $service
do \$\$ begin
  if exists (select from pg_database where datname = '$service' and datdba = '$service'::regrole) then
    reassign owned by $service to ${service}_owner;
    grant select, insert, update, delete on all tables in schema public to $service;
    grant usage on all sequences in schema public to $service;
    if to_regclass('public.audit_entry') is not null then
      revoke insert, update, delete on public.audit_entry from $service;
    end if;
  end if;
end \$\$;
revoke all on database $service from public;
grant connect on database $service to ${service}_owner;
grant connect, temporary on database $service to $service;
alter default privileges for role ${service}_owner in schema public
  grant select, insert, update, delete on tables to $service;
alter default privileges for role ${service}_owner in schema public grant usage on sequences to $service;
alter function pg_catalog.lower(text) leakproof;
alter function pg_catalog.textlike(text, text) leakproof;
alter function pg_catalog.arraycontains(anyarray, anyarray) leakproof;
SQL
done
