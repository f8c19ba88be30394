#!/bin/sh
# Writes .env for docker-compose.yml with fresh secrets, readable by you alone: sh deploy/docker/make-env.sh [FILE]
# A file that is there stays as it is: what is encrypted under its SIGNING_KEY could never be read again.
set -eu
umask 077
target=${1:-.env}

secret() { openssl rand -hex 24; }

write() {
  key=$(openssl genpkey -algorithm ed25519)
  public=$(printf '%s\n' "$key" | openssl pkey -pubout)
  echo '# Made by deploy/docker/make-env.sh. Keep it out of version control and readable by you alone, and in the backup.'
  echo '# Every other setting that .env.example names may be added.'
  printf 'COMPOSE_PROJECT_NAME=banyan\nBANYAN_PORT=8080\nPUBLIC_URL=http://127.0.0.1:8080\n'
  for name in POSTGRES RABBITMQ VALKEY ADMIN \
    GATEWAY GATEWAY_OWNER CUSTOMER CUSTOMER_OWNER SALES SALES_OWNER SERVICE_DESK SERVICE_DESK_OWNER \
    EXPENSES EXPENSES_OWNER WORKFLOW WORKFLOW_OWNER NOTIFY NOTIFY_OWNER INSIGHT INSIGHT_OWNER; do
    printf '%s_PASSWORD=%s\n' "$name" "$(secret)"
  done
  printf 'INTERNAL_KEY=%s\nSIGNING_KEY=%s\nMETRICS_KEY=%s\n' "$(secret)" "$(secret)" "$(secret)"
  printf 'IDENTITY_PUBLIC_KEY="%s"\nIDENTITY_PRIVATE_KEY="%s"\n' "$public" "$key"
}

if [ -e "$target" ]; then
  echo "$target is there already; delete it first if nothing was started with it" >&2
  exit 1
fi
# Under another name until it is complete.
half=$(mktemp "$target.XXXXXX")
trap 'rm -f "$half"' EXIT
write > "$half"
mv "$half" "$target"
echo "wrote $target"
