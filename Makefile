# `make demo` and `make test` need nothing but Python 3.11 or newer: each makes .venv on first use.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test differential faults suite chaos books kills bench bench-check format profiles charts clean

demo: .venv/cli
	$(BIN)/scout-adapters demo

test: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

# Plays all 88 faults, and prints what came of each.
faults: .venv/dev
	$(BIN)/python tests/faults/table.py

suite: .venv/dev
	$(BIN)/python tests/faces/suite.py

differential: .venv/dev
	SCOUT_DIFFERENTIAL=all $(BIN)/pytest -q -s tests/differential

# A hundred thousand calls, three in ten requests faulty; prints its seed. CHAOS='--calls 5000 --seed 7'
chaos: .venv/dev
	$(BIN)/python tests/chaos/chaos.py $(CHAOS)

# Ten thousand calls, and three books that must agree. BOOKS='--calls 600 --seed 7'
books: .venv/dev
	$(BIN)/python tests/books/books.py $(BOOKS)

# Two hundred processes killed while they call.
kills: .venv/dev
	$(BIN)/python tests/books/kills.py $(KILLS)

# Floors, ours and the peers in one run; writes benchmarks/RESULTS.md. BENCH='--quick --only invoke'
bench:
	$(PYTHON) benchmarks/run.py $(BENCH)

# Half a minute: has anything become 1.5 x slower, as a ratio to what it is made of?
bench-check: .venv/dev
	$(BIN)/python benchmarks/check.py

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The newest of what is published about models, out of LangChain's partner packages.
profiles: .venv/cli
	$(BIN)/python -m scout_adapters.profiles.refresh

# The newest Chart.js, for the page that `scout-adapters report` makes; needs npm.
charts: .venv/cli
	$(BIN)/python -m scout_adapters.report.refresh

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/cli: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[cli]'
	touch $@

.venv/dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ .venv/cli
