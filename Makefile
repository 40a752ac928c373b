# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000

.PHONY: test demo lint types contracts unit lock clean

$(VENV)/.runtime: requirements/runtime.lock requirements/runtime.in pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	touch $@

test: lint types contracts unit

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	$(BIN)/pytest -n 2

lock:
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate -p 3.11 requirements/runtime.in -o requirements/runtime.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate -p 3.11 requirements/dev.in -o requirements/dev.lock

clean:
	rm -rf $(VENV) var
