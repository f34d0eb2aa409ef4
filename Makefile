# Every verb of the project. `make run` and `make test` install what they need first.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data

.PHONY: help run test check bench soak install clean

help:  ## List the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed  ## Install the Hub into .venv

run: $(VENV)/.installed  ## Start the Hub here, embedded (DATA=folder ARGS='--port 8000')
	$(BIN)/zoco serve --data $(DATA) $(ARGS)

check: $(VENV)/.installed-dev  ## Style, types and the import contract
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/.installed-dev check  ## Every test; installs the system packages they need when allowed to
	sh tests/system-packages.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: $(VENV)/.installed-dev  ## Measurements, each beside its peer in the same run
	$(BIN)/python -m bench

soak: $(VENV)/.installed-dev  ## Servers killed hundreds of times at random moments
	TEST_KILLS=10 $(BIN)/python -m pytest tests/clients -k "kills or death" $(ARGS)

clean:  ## Remove what the build made, never your data
	rm -rf $(VENV) .venvs node_modules artifacts src/zoco/surfaces/web/static/dist .mypy_cache .ruff_cache .pytest_cache
