# Two commands for a fresh machine: `make run` does the main job, `make test` passes the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test test-browser check docs lock sbom audit web clean

run: $(VENV)/.run
	$(BIN)/polynya run $(ARGS)

# Files of tests are dealt out to JOBS processes, each with one thread for linear algebra; JOBS=1 runs them one after the other.
JOBS ?= 2
test: $(VENV)/.dev
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

# The report and the app in a real browser, screenshots kept in build/shots. Needs Node.js and a Chromium (CHROMIUM=PATH names another).
test-browser: $(VENV)/.dev
	@test -d web/node_modules/playwright-core || (cd web && npm ci --no-audit --no-fund)
	APP_SHOTS=$(CURDIR)/build/shots $(BIN)/python -m pytest -m browser tests/browser

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/polynya world check

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# A venv that holds the development set holds the run set too.
$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

# The documentation as a site that needs no network: site/index.html
docs: $(VENV)/.dev
	$(BIN)/python -m sphinx --quiet --fail-on-warning --builder html docs site

# Needs uv; only when a dependency changes. The lock files name no package index.
lock:
	printf 'hatchling>=1.25\n' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml - -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements-dev.lock

# What the program is made of, as CycloneDX; equal lock files give equal bytes.
sbom: $(VENV)/.run
	@mkdir -p build
	$(BIN)/python tools/sbom.py > build/sbom.cdx.json
	@echo build/sbom.cdx.json

# Known weaknesses of what we depend on; "not audited" where advisories cannot be reached (docs/security.md).
audit: | $(BIN)/python
	@test -d $(VENV)/audit || $(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check -r tools/requirements-audit.txt
	@$(VENV)/audit/bin/python tools/audit.py || test $$? -eq 4

# Needs Node.js; only when web/ changes. The bundle it makes is committed, so that nothing else needs Node.js.
web:
	cd web && npm ci --no-audit --no-fund && node build.mjs

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
