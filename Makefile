# `make demo` and `make test` need nothing but Python 3.11 or newer: each makes .venv on first use.
PYTHON ?= python3
BIN := .venv/bin
# Compiled modules are kept: each process of the tests would compile all of them again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check pytest pytest-faults pytest-system pytest-chat pytest-llm pytest-rest pytest-litellm litellm-proxy differential faults partner-faults secrets recordings schemas suite tables chaos books kills memory interrupts limits shared shared-partition cache traces testing-example chaos-agents langgraph-dev fuzz bench bench-check format profiles charts clean
.PHONY: docs docs-check release

demo: .venv/cli
	$(BIN)/scout-adapters demo

# Three jobs on two cores: many tests wait for servers and other processes. The longest come first.
test: .venv/dev
	$(MAKE) --no-print-directory --jobs=3 --keep-going $(PARTS) check pytest-litellm

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.structure

# Parts of the tests, each in one process, beside each other: workers of one run would collect every
# test each. A part prints its report when it ends. A new folder of tests/ belongs to `rest`.
PARTS := pytest-system pytest-faults pytest-rest pytest-llm pytest-chat
FAULTS := tests/system/faults tests/system/secrets tests/system/peers
pytest-faults: TESTS = $(FAULTS)
pytest-system: TESTS = tests/system $(FAULTS:%=--ignore %)
pytest-chat: TESTS = tests/chat_models
pytest-llm: TESTS = tests/llm
pytest-rest: TESTS = tests --ignore tests/system --ignore tests/chat_models --ignore tests/llm --ignore tests/litellm
# In a process of its own: LiteLLM takes ten seconds to import, and slows what follows it.
pytest-litellm: TESTS = tests/litellm

pytest: $(PARTS) pytest-litellm

$(PARTS) pytest-litellm: .venv/dev
	@echo "$(BIN)/pytest -q $(TESTS)"; report=$$(mktemp); \
	$(BIN)/pytest -q $(TESTS) > $$report 2>&1; code=$$?; \
	cat $$report; rm $$report; exit $$code

# LiteLLM's proxy server with our handler: importing it alone takes ten seconds and more.
litellm-proxy: .venv/dev
	$(BIN)/pip install --quiet -e '.[litellm-proxy]'
	SCOUT_LITELLM_PROXY=1 $(BIN)/pytest -q tests/litellm/test_proxy.py

# Plays all 88 faults, and prints what came of each.
faults: .venv/dev
	$(BIN)/python -m tools.fault_table

# The same faults through chat models of other packages, in every verb; `make test` plays a sample.
partner-faults: .venv/dev
	SCOUT_PARTNER_FAULTS=all $(BIN)/pytest -q -n 2 tests/system/faults/test_partners.py

# Looks for keys after each fault of each provider in every verb; `make test` plays a sample.
secrets: .venv/dev
	SCOUT_SECRETS=all $(BIN)/pytest -q -n 2 tests/system/secrets/test_faults.py

# Reads every recorded answer with the chat models; `make test` reads a sample of them.
recordings: .venv/dev
	SCOUT_RECORDINGS=all $(BIN)/pytest -q -n 2 tests/chat_models/test_recordings.py

# Asks for every kind of schema in every verb with each value of `strict`; `make test` plays a sample.
schemas: .venv/dev
	SCOUT_SCHEMAS=all $(BIN)/pytest -q -n 2 tests/chat_models/test_structured_output.py

# LangChain's standard suite on every chat model; writes its table into docs/langchain-suite.md.
suite: .venv/dev
	$(BIN)/python -m tools.suite_table

# Writes the summaries of the cards, and the tables of docs/ that are made from the code.
tables: .venv/dev
	$(BIN)/python -m tools.card_summaries
	$(BIN)/python -m tools.docs_pages

# The site, into site/: warnings are errors, nothing is fetched.
docs: .venv/docs
	$(BIN)/mkdocs build --strict

# Builds sdist and wheel twice and compares them, checks their metadata, and runs the demo and examples
# from the wheel, with each Python of PYTHONS that is there: make release PYTHONS='3.11 3.12 3.13 3.14'
release: .venv/release
	$(BIN)/python -m tools.release $(PYTHONS)

# The pages in a browser, narrow and wide, light and dark; AXE=axe.min.js adds axe-core's findings.
docs-check: .venv/dev docs
	$(BIN)/python -m tools.site_check site $(AXE)

differential: .venv/dev
	SCOUT_DIFFERENTIAL=all $(BIN)/pytest -q -s tests/system/peers

# A hundred thousand calls, three in ten requests faulty; prints its seed. CHAOS='--calls 5000 --seed 7'
chaos: .venv/dev
	$(BIN)/python -m tools.chaos $(CHAOS)

# Ten thousand calls, and three books that must agree. BOOKS='--calls 600 --seed 7'
books: .venv/dev
	$(BIN)/python -m tools.books $(BOOKS)

# Two hundred processes killed while they call.
kills: .venv/dev
	$(BIN)/python -m tools.kills $(KILLS)

# Two hundred thousand calls with new keys, addresses, models, tags, ...: memory stays as it was.
memory: .venv/dev
	$(BIN)/python -m tools.memory $(MEMORY)

# An exception at every line of a call: nothing may be held afterwards. INTERRUPTS='--lines 100 --only "invoke, Key"'
interrupts: .venv/dev
	$(BIN)/python -m tools.interrupts $(INTERRUPTS)

# Throughput and refusals where providers enforce limits, with `limits=` and without. LIMITS='--store redis --minutes 2'
limits: .venv/dev
	$(BIN)/python -m tools.limit_run $(LIMITS)

# Eight processes with one pool of keys and one budget, with a store and without. SHARED='--calls 100'
shared: .venv/dev
	$(BIN)/python -m tools.shared_health $(SHARED)

# One of two sides is cut off from the store, in network namespaces; needs Linux and root. PARTITION='--seconds 60'
shared-partition: .venv/dev
	$(BIN)/python -m tools.shared_partition $(PARTITION)

# Prompt caches and bills: conversations that keep to a key, and keys in turn.
cache: .venv/dev
	$(BIN)/python -m tools.cache_savings $(CACHE)

# The project in examples/testing, in a fresh venv with the built wheel: as it stands, in two processes, in random order.
testing-example: .venv/dev
	$(BIN)/python -m tools.testing_example

# Agents of others under all faults, beside other routers. CHAOS_AGENTS='-k swarm --scout-chaos-report=page.html'
chaos-agents: .venv/chaos
	.venv/chaos/bin/pytest -q examples/chaos --scout-chaos $(CHAOS_AGENTS)

# What other tools show of calls: model, tokens and cost, beside the emulator's bill.
traces: .venv/dev
	$(BIN)/python -m tools.trace_table

# Runs of a real `langgraph dev`, whose detector of blocking calls must report nothing.
langgraph-dev: .venv/langgraph
	.venv/langgraph/bin/python -m tools.langgraph_dev

# A million mutated inputs for each target. FUZZ='--inputs 10000 --target refusal'
fuzz: .venv/dev
	$(BIN)/python -m tools.fuzz --inputs 1000000 $(FUZZ)

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
	$(BIN)/python -m scout_adapters.llm.profiles.refresh_data

# The newest Chart.js, for the page that `scout-adapters report` makes; needs npm.
charts: .venv/cli
	$(BIN)/python -m scout_adapters.report.refresh_charts

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/cli: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[cli]'
	touch $@

.venv/langgraph: pyproject.toml
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --editable '.[agents,aiohttp]' 'langgraph-cli[inmem]'
	touch $@

.venv/chaos: pyproject.toml
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --editable '.[agents,cli,testing]' pytest deepagents \
		langchain-groq langchain-litellm langchain-openai langgraph-supervisor langgraph-swarm langmem trustcall
	touch $@

.venv/release: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[release]'
	touch $@

.venv/docs: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[agents,cli,docs,otel,testing]'
	touch $@

.venv/dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q scout_adapters  # else three parts that begin together compile it
	touch $@ .venv/cli
