# Two commands do all set-up on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check
PORT ?= 8000
CHROMIUM := /usr/bin/chromium
POPPLER := /usr/bin/pdfinfo

# Three loops of tests; tests/loops.py says which of them asks what, and why. `make deep PART=3/10`: the third tenth.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 2 --dist worksteal
PART :=
# How much of each fault `make deep` makes: kills, races, windows due, rounds of sweeping, readings on a full disk.
AT_SIZE := FAULTS_KILLS=40 FAULTS_RACES=400 FAULTS_DUE=600 FAULTS_SWEEPS=6 FAULTS_READINGS=500
# And of load: freezes of a replica and their seconds, seconds of use and of a crowd, mails that wait, seconds of a mail.
LOAD := FAULTS_FREEZES=3 FAULTS_FROZEN=15 FAULTS_SOAK=90 FAULTS_CROWD=10 FAULTS_QUEUE=2500 FAULTS_RELAY=1

.PHONY: demo check test deep bench lint types contracts ladders assets browser screenshots lock clean

demo: $(VENV)/.runtime assets
	PORT=$(PORT) $(BIN)/drp demo

# The loop to work in: SQLite alone, no browser, nothing long.
check: lint types contracts ladders assets
	$(PYTEST) -m "not deep and not long and not postgresql and not browser"

# What CI runs: everything but what `make deep` asks.
test: lint types contracts ladders assets browser
	$(PYTEST) -m "not deep"

# By hand before an issue is called resolved, and a tenth each day in CI.
deep: $(VENV)/.dev assets browser
	$(AT_SIZE) $(PYTEST) -m "(deep or at_size) and not alone" $(addprefix --part ,$(PART))
	$(LOAD) PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -m "alone and at_size" $(addprefix --part ,$(PART)) || test $$? = 5

# How fast it is, beside its floors and the alternatives: benchmarks/RESULTS.md, within 20 minutes. Nothing else is to run meanwhile.
bench: $(VENV)/.benchmarks assets
	$(BIN)/python -m benchmarks

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

ladders: $(VENV)/.runtime
	$(BIN)/drp check workflows/authorities/*/ > /dev/null

# Pictures of the main pages, for people to look at: var/screenshots/index.html.
screenshots: $(VENV)/.dev assets browser
	$(BIN)/python -m tests.browser.screenshots

assets: api/assets/.built

browser: $(CHROMIUM) $(POPPLER)

$(VENV)/.runtime: requirements/runtime.lock requirements/runtime.in pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/runtime.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	$(PIP) install --require-hashes -r requirements/dev.lock
	touch $@

# What benchmarks compare with: nothing of the service or its tests needs it.
$(VENV)/.benchmarks: $(VENV)/.dev requirements/benchmarks.lock
	$(PIP) install --require-hashes -r requirements/benchmarks.lock
	touch $@

# The browser of the tests, and what reads PDF, are Debian's own packages: installed here where that may be done, else it is
# said what to install.
$(CHROMIUM) $(POPPLER):
	@if test -x $@; then exit 0; elif grep -qsx ID=debian /etc/os-release && test "$$(id -u)" = 0; then \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
	    chromium fonts-liberation poppler-utils > /dev/null; \
	else echo "The tests need Debian's packages chromium, fonts-liberation and poppler-utils: install them, run this again." >&2; exit 1; fi

# Third-party files of the pages come from their package at set-up and are never committed.
# Where the machine has no npm, Node comes from a Python package into the virtual environment.
api/assets/.built: api/package-lock.json $(wildcard api/styles/* api/scripts/*) | $(VENV)/.runtime
	command -v npm > /dev/null || $(PIP) install --require-hashes -r requirements/node.lock
	cd api && PATH="$$PATH:$(abspath $(BIN))" npm ci --silent
	mkdir -p api/assets
	cp api/node_modules/swagger-ui-dist/swagger-ui.css api/node_modules/swagger-ui-dist/swagger-ui-bundle.js api/assets/
	cp api/node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js api/scripts/*.js api/styles/mark.svg api/assets/
	cd api && PATH="$$PATH:$(abspath $(BIN))" node_modules/.bin/sass --load-path=node_modules --style=compressed \
	  --no-source-map --quiet-deps --no-charset styles/pages.scss assets/pages.css
	touch $@

lock: $(VENV)/.dev
	for name in runtime dev node benchmarks; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate -p 3.11 \
	    requirements/$$name.in -o requirements/$$name.lock; done

clean:
	rm -rf $(VENV) var api/assets api/node_modules
