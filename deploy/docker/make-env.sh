#!/bin/sh
# Prints an .env for docker-compose.yml with fresh secrets: sh deploy/docker/make-env.sh > .env && chmod 600 .env
set -eu
umask 077

secret() { openssl rand -hex 24; }

key=$(openssl genpkey -algorithm ed25519)
public=$(printf '%s\n' "$key" | openssl pkey -pubout)

echo '# Made by deploy/docker/make-env.sh. Keep it out of version control and readable by you alone.'
printf 'COMPOSE_PROJECT_NAME=banyan\nBANYAN_PORT=8080\nPUBLIC_URL=http://127.0.0.1:8080\n'
for name in POSTGRES RABBITMQ VALKEY ADMIN \
  GATEWAY GATEWAY_OWNER CUSTOMER CUSTOMER_OWNER SALES SALES_OWNER SERVICE_DESK SERVICE_DESK_OWNER \
  EXPENSES EXPENSES_OWNER WORKFLOW WORKFLOW_OWNER NOTIFY NOTIFY_OWNER INSIGHT INSIGHT_OWNER; do
  printf '%s_PASSWORD=%s\n' "$name" "$(secret)"
done
printf 'INTERNAL_KEY=%s\nSIGNING_KEY=%s\n' "$(secret)" "$(secret)"
printf 'IDENTITY_PUBLIC_KEY="%s"\nIDENTITY_PRIVATE_KEY="%s"\n' "$public" "$key"
