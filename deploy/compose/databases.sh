#!/bin/sh
# One database and one login role per service, made when the server's volume is new.
set -eu
for service in customer scoring campaign; do
  psql --set ON_ERROR_STOP=1 --username postgres --set "password=$POSTGRES_PASSWORD" <<SQL
create role $service login nosuperuser nocreatedb nocreaterole nobypassrls password :'password';
create database $service owner $service;
revoke all on database $service from public;
SQL
done
