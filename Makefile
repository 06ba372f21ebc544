# Everything one does with the portal. CI only calls these targets.
# Needs Python 3.11 or newer (with venv) and nothing else.

.DEFAULT_GOAL := help
.PHONY: help run test test-days check lint bench docs trace mutants lock clean format browser install

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet install --require-hashes
USERS := .venv/users.stamp
DEVELOPERS := .venv/developers.stamp
PACKAGES := node_modules/.package-lock.json
WORKERS ?= 2
CLOCKS ?= +1d +100d +400d 23:55 00:05 00T23:40 01T00:35
PARTS ?= tests
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Settings as in production, for the checks; the key is a throwaway.
PRODUCTION := ITSM_DEMO=0 DEBUG=0 ITSM_HTTPS=1 ALLOWED_HOSTS=itsm.example.com SITE_URL=https://itsm.example.com EMAIL_HOST=mail.example.com \
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')"
DEMO := ITSM_DEMO=1
TEMPLATES := find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: $(USERS) $(PACKAGES)  ## start the portal with demo data (PORT, ITSM_DATA_DIR)
	@$(BIN)/python manage.py run

test: $(DEVELOPERS) $(PACKAGES) browser  ## run all tests, browser journeys included
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

check: lint  ## everything static, then the fast tests
	$(BIN)/python -m pytest -n $(WORKERS) -q -m "not journey and not slow" $(PYTEST_ARGS)

lint: $(DEVELOPERS) $(PACKAGES)  ## format, lint, types, migrations, settings, translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(TEMPLATES) --check
	$(BIN)/mypy .
	$(DEMO) $(BIN)/python manage.py build_assets
	$(DEMO) $(BIN)/python manage.py messages --check
	$(DEMO) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

test-days: $(DEVELOPERS) $(PACKAGES)  ## run the tests as in 1, 100 and 400 days, around midnight and the turn of a month (PARTS, CLOCKS)
	@for clock in $(CLOCKS); do echo "=== $$clock"; ITSM_TEST_CLOCK=$$clock $(BIN)/python -m pytest -n $(WORKERS) -q \
		-m "not journey" $(PARTS) $(PYTEST_ARGS) || exit 1; done

bench: $(DEVELOPERS) $(PACKAGES)  ## measure with many tickets; AGAINST=commit compares this version with that one
	$(if $(AGAINST),BENCH_AGAINST=$(AGAINST)) $(BIN)/python -m bench $(BENCH_ARGS)

docs: $(USERS)  ## write the generated tables and diagrams
	$(DEMO) $(BIN)/python manage.py docs

mutants: $(DEVELOPERS) $(PACKAGES)  ## plant forty faults, one after another, and name those that no test notices
	@$(BIN)/python -m tests.mutants

trace: $(DEVELOPERS)  ## list requirements with their tests, and tests without a requirement
	@$(BIN)/python -m pytest -p tests.trace --collect-only -qq

format: $(DEVELOPERS)  ## format and fix what can be fixed
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	-$(TEMPLATES)

lock: $(DEVELOPERS)  ## choose the newest allowed versions and write them down
	$(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --quiet --output-file requirements/users.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --constraint requirements/users.txt --upgrade --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet \
		--output-file requirements/developers.txt
	$(BIN)/npm install --package-lock-only --no-progress

clean:  ## remove what was built; data stay
	rm -rf var/assets var/static var/stamps var/test-databases node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -print | xargs rm -rf

install: $(DEVELOPERS) $(PACKAGES)  ## install everything a developer needs

browser: $(DEVELOPERS)  ## make sure that there is a Chromium for the journeys
	@$(BIN)/python -m tests.browser --install

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON to its path."; exit 1; }
	@echo "Making .venv with $(PYTHON) …"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python's venv module is missing; on Debian install python3-venv."; exit 1; }

$(USERS): requirements/users.txt | $(BIN)/python
	@echo "Installing Python packages …"
	@$(PIP) --requirement $<
	@touch $@

$(DEVELOPERS): requirements/developers.txt | $(BIN)/python
	@echo "Installing Python packages for developers …"
	@$(PIP) --requirement $<
	@touch $(USERS) $@

$(PACKAGES): package-lock.json package.json | $(USERS)
	@echo "Installing front-end packages …"
	@$(BIN)/npm ci --no-progress --loglevel=error
	@touch $@
