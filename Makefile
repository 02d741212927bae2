# Everything runs in .venv, which is made when it is missing or older than pyproject.toml.

PYTHON ?= python3
WORKERS ?= 2
MUTANTS ?= pathways.check.*

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test server interop bench fuzz lint mutate clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=$(PYTHON)  WORKERS=$(WORKERS)  MUTANTS=$(MUTANTS)"

demo: $(READY) ## Walk through one pathway, from YAML to an audited award
	@$(BIN)/cairn demo

test: lint server ## Lint, check types and layers, then run every test and doctest
	@$(BIN)/pytest -n $(WORKERS)

server: ## Install a PostgreSQL server for the tests, where that may be done
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	    test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	    && apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends postgresql >/dev/null; } || \
	    echo "no PostgreSQL here: the tests that need a server are skipped, and say so" >&2

interop: $(READY) ## Let verifiers that are not Cairn's check what it exports
	@command -v npm >/dev/null || { echo "this needs Node 20 or newer, with npm" >&2; exit 1; }
	@cd tests/interop && npm ci --silent --no-audit --no-fund
	@$(PYTHON) -m venv tests/interop/.venv
	@tests/interop/.venv/bin/pip install --quiet --disable-pip-version-check \
	    --requirement tests/interop/requirements.txt
	@$(BIN)/pytest tests/interop

bench: $(READY) ## Measure how fast the engine is
	@$(BIN)/python -m benchmarks

fuzz: $(READY) ## Compare the engines with the oracle on many more examples
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest tests/fuzz -n $(WORKERS)

lint: $(READY) ## Check style, format, types and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy --strict
	@$(BIN)/lint-imports

mutate: $(READY) ## Change the code in small ways, and see that a test notices
	@$(BIN)/mutmut run '$(MUTANTS)'
	@$(BIN)/mutmut results

clean: ## Remove everything that was made, .venv too
	rm -rf $(VENV) build dist mutants htmlcov .coverage .coverage.* \
	    .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Cairn needs Python 3.11 or newer; \`$(PYTHON)\` is not. Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "\`$(PYTHON)\` can not make virtual environments: its venv or ensurepip module is missing." >&2; \
	    echo "On Debian and Ubuntu both are in the package python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
