# Everything a person does with this repository. `make up` and `make test` work from a fresh clone.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(patsubst %/pyproject.toml,%,$(wildcard libs/*/pyproject.toml services/*/pyproject.toml gateway/pyproject.toml web/pyproject.toml deploy/local/pyproject.toml))
# A virtual environment without pip (Debian's python3 without python3-venv) is filled by the pip outside it.
PIP = $$([ -x $(BIN)/pip ] && echo $(BIN)/python -m pip || echo $(PYTHON) -m pip --python $(BIN)/python) --disable-pip-version-check
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: up down status
up: $(VENV)/.installed ## set up what is missing, start everything, say how to sign in; Ctrl-C stops it
	@$(BIN)/python -m crm_web.build
	@$(BIN)/crm up

down: $(VENV)/.installed ## stop what `make up` or `crm up --detach` started
	@$(BIN)/crm down

status: $(VENV)/.installed ## processes, health, memory, events waiting
	@$(BIN)/crm status

.PHONY: install test test-parts test-flows test-system lint bench schemathesis
install: $(VENV)/.installed ## the virtual environment only

# What computes runs beside what mostly waits for a whole system, and lets it go first. Each says what it found when it ends.
GENTLY := nice -n 19
test: $(VENV)/.installed-dev ## everything that is checked before a change goes in
	$(BIN)/python -m crm_web.build
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target test-system test-parts

test-parts: lint console
	$(GENTLY) $(BIN)/pytest -n 2 --ignore tests/flows --ignore tests/faults --ignore tests/browser

test-flows: $(VENV)/.installed-dev
	$(BIN)/pytest tests/flows tests/faults -m "not slow"

test-system: test-flows
	$(BIN)/pytest tests/browser

lint: $(VENV)/.installed-dev
	$(GENTLY) $(BIN)/ruff check .
	$(GENTLY) $(BIN)/ruff format --check .
	$(GENTLY) $(BIN)/lint-imports
	$(GENTLY) $(BIN)/mypy

.PHONY: console types
console: $(VENV)/.installed-dev ## the console's types, rules and tests
	$(GENTLY) $(BIN)/python -m crm_web.build run check

types: $(VENV)/.installed ## what the console is generated from, after an API changed
	$(BIN)/python -m crm_web.openapi
	$(BIN)/python -m crm_web.build run types

schemathesis: $(VENV)/.installed-dev ## call the running system by its API document: URL=http://127.0.0.1:8080/api/v1 TOKEN=…
	$(BIN)/schemathesis --config-file schemathesis.toml run $(URL)/openapi.json --exclude-path-regex '^/auth/|stream' \
		--continue-on-failure

.PHONY: faults nemesis safeguards
faults: $(VENV)/.installed-dev ## every fault of docs/faults.md on the brokers it can happen to (an hour); CRM_SEED repeats a run
	$(BIN)/pytest tests/faults tests/chassis tests/gateway -m fault --fault-table faults.md

nemesis: $(VENV)/.installed-dev ## random faults under load: MINUTES=30 BROKER=amqp|redis|poll CRM_SEED=…
	$(BIN)/python -m pytest -q -s tests/faults/nemesis.py

safeguards: $(VENV)/.installed-dev ## take out one safeguard at a time and see a test turn red
	$(BIN)/python tests/faults/safeguards.py

bench: $(VENV)/.installed-dev ## the budgets, measured on this machine
	$(BIN)/python tests/bench/run.py

.PHONY: bench-bus
bench-bus: $(VENV)/.installed-dev ## events a second, and what people notice while a backlog is worked off
	$(BIN)/python tests/bench/bus.py

.PHONY: bench-console screenshots
bench-console: $(VENV)/.installed-dev ## the console's budgets in Chromium over 100,000 customers
	PYTHONPATH=tests $(BIN)/python tests/bench/console.py

screenshots: $(VENV)/.installed-dev ## the pictures of the documentation, of a running system: URL=… PASSWORD=…; else of one it starts
	PYTHONPATH=tests $(BIN)/python tests/bench/pictures.py $(ONLY)

.PHONY: migration contracts samples
migration: $(VENV)/.installed-dev ## write SERVICE's next migration (MESSAGE says what for)
	$(BIN)/python -m crm_chassis.testing_migration "$(SERVICE)" "$(MESSAGE)"
	$(BIN)/ruff format --quiet libs services gateway

samples: $(VENV)/.installed-dev ## record an event of each type that has no sample yet, from the suite's own runs
	CRM_RECORD_EVENTS=$(CURDIR)/tests/contracts/samples $(BIN)/pytest -q -n 2 --ignore tests/flows --ignore tests/faults --ignore tests/contracts

messages: $(VENV)/.installed-dev ## bring the Chinese catalogues up to the sentences in the code; translate what is empty then
	@mkdir -p build; for home in libs/chassis/crm_chassis gateway/crm_gateway services/*/crm_*; do name=$$(basename $$home); \
		$(BIN)/pybabel -q extract --no-default-keywords -k say --no-location --sort-output --omit-header -o build/$$name.pot $$home && \
		$(BIN)/pybabel -q update -l zh_CN -D $$name -i build/$$name.pot -d $$home/locale --init-missing \
			--ignore-obsolete --no-fuzzy-matching --omit-header --no-wrap || exit 1; done

contracts: $(VENV)/.installed ## write docs/asyncapi.json from the event registry
	$(BIN)/python -m crm_contracts.asyncapi docs/asyncapi.json

.PHONY: lock
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header
LOCK += $(foreach package,$(PACKAGES),--no-emit-package $(shell sed -n 's/^name = "\(.*\)"/\1/p' $(package)/pyproject.toml))
lock: $(VENV)/.installed-dev ## write requirements*.txt anew from the pyproject files
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --no-emit-package crm-web --group web/pyproject.toml:node -o web/requirements-node.txt
	$(LOCK) --no-emit-package banyan --group pyproject.toml:dev pyproject.toml -o requirements-dev.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Banyan needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(VENV)/.installed: requirements.txt $(PACKAGES:=/pyproject.toml) | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements.txt
	$(PIP) install --quiet --no-deps --no-build-isolation $(foreach package,$(PACKAGES),-e ./$(package))
	@# A machine without Node builds the console with one from a wheel.
	@$(BIN)/python -c 'from crm_web.build import find_node; find_node()' 2>/dev/null || $(PIP) install --quiet --require-hashes -r web/requirements-node.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@
