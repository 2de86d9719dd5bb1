# Every target works alone on a fresh Debian or Ubuntu with python3 (>= 3.11), python3-venv and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE ?= sample_bundles/host-crash.tar.bz2

# pip at the versions of constraints.txt; at the newest where one of them is not to be had.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINNED := --only-binary :all: --constraint constraints.txt --build-constraint constraints.txt
install = @$(PIP) $(PINNED) $(1) \
  || { echo "   not at the versions of constraints.txt: now at the newest"; $(PIP) $(1); }

.PHONY: help demo fast test cover mutate fuzz lint lock bench bounds rules docs samples man golden golden-diff pyz clean
help:
	@echo "make demo     analyze a shipped sample bundle and say where the report is"
	@echo "make fast     run the tests of modules: a minute"
	@echo "make test     run the whole suite"
	@echo "make cover    measure what the tests of each module reach"
	@echo "make mutate   damage samples in every way; an hour of a core or two (SECONDS=600: a part; RESULTS=file: go on)"
	@echo "make fuzz     bytes nobody foresaw, 10 minutes for each of 7 targets (SECONDS=, TARGETS=)"
	@echo "make lint     ruff, mypy, import layers, yamllint, pattern samples"
	@echo "make bench    time against tar, peak memory, and what costs more than its share"
	@echo "make bounds   what hostile and absurd reports cost: the table of docs/security.md"
	@echo "make lock     write the newest versions into constraints.txt"
	@echo "make rules    write the reference of the rules, docs/rules"
	@echo "make docs     the documentation as a site, in site/; every warning is an error"
	@echo "make pyz      dist/cbtriage.pyz: one file with all libraries, for a machine without network"
	@echo "make samples  rebuild sample_bundles/"
	@echo "make man      write the manual page, cbtriage.1"
	@echo "make golden   accept what the outputs are now: golden reports and hashes"
	@echo "make golden-diff   show what changed in every output of every sample since the last commit"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "cbtriage needs Python 3.11 or newer; run: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "-- making an environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "install python3-venv first: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "-- installing pip"
	@$(PIP) --upgrade --constraint constraints.txt pip || $(PIP) --upgrade pip
	@echo "-- installing cbtriage and its libraries (about half a minute, once)"
	$(call install,--editable .)
	@$(BIN)/python -m compileall -q analyzer  # as an installed package is
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.installed
	@echo "-- installing what tests and lints it"
	$(call install,--group dev)
	@touch $@

demo: $(VENV)/.installed
	@echo "-- analyzing $(SAMPLE)"
	@$(BIN)/cbtriage analyze $(SAMPLE) --output cbtriage-demo --fail-on never

# worksteal: a process gets neighbouring tests, which share what is read once per process.
# Bytecode is written whatever the environment says: else each process compiles everything.
TESTS := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal

fast: $(VENV)/.dev
	$(TESTS) -q -m "not slow and not hypothesis" \
	  $(addprefix --ignore=tests/,browser cli fleet golden hostile mutate property samples)

test: $(VENV)/.dev
	$(TESTS)

# By the tests of each module: a line that only generated tests and those across all reach has none.
cover: $(VENV)/.dev
	$(TESTS) -q --cov --cov-report=term:skip-covered -m "not slow and not hypothesis" \
	  $(addprefix --ignore=tests/,hostile property samples)

fuzz: $(VENV)/.dev
	@$(PIP) --only-binary :all: atheris || echo "   no atheris for this Python: bytes are mutated blindly"
	$(BIN)/python -m tests.fuzz $(TARGETS) --seconds $(or $(SECONDS),600)

mutate: $(VENV)/.dev
	$(BIN)/python -m tests.mutate $(if $(SECONDS),--seconds $(SECONDS)) $(if $(RESULTS),--results $(RESULTS))

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/yamllint --strict .
	$(BIN)/cbtriage rules lint
	$(BIN)/cbtriage rules test

lock:
	.ci/versions lock

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks.run
	$(BIN)/python -m tests.benchmarks.scaling

bounds: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks.bounds

rules: $(VENV)/.installed
	$(BIN)/cbtriage rules pages docs/rules

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --clean

# Runs with the Python it was made with (3.11, say), on the same kind of machine.
pyz: $(VENV)/.installed
	@$(PIP) --constraint constraints.txt shiv || $(PIP) shiv
	@mkdir -p dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m shiv --quiet --reproducible --compressed --extend-pythonpath \
	  --console-script cbtriage --python '/usr/bin/env python3' --output-file dist/cbtriage.pyz \
	  --constraint constraints.txt .
	@ls -l dist/cbtriage.pyz

samples: $(VENV)/.dev
	$(BIN)/python -m tests.world.build_samples

man: $(VENV)/.installed
	@$(BIN)/python -m analyzer.cli.man > cbtriage.1
	@echo "-- cbtriage.1: read it with man ./cbtriage.1"

golden: $(VENV)/.dev
	$(BIN)/python -m pytest -q tests/render tests/golden --update-golden

golden-diff: $(VENV)/.dev
	@rm -rf .golden && git worktree prune && git worktree add --quiet --detach .golden/tree HEAD
	@echo "-- every output of every sample, by the last commit and by this tree, in .golden"
	@cd .golden/tree && PYTHONPATH=. ../../$(BIN)/python -m tests.golden.outputs ../before
	@PYTHONPATH=. $(BIN)/python -m tests.golden.outputs .golden/after
	@git worktree remove --force .golden/tree
	diff -ru .golden/before .golden/after

clean:
	rm -rf $(VENV) cbtriage-* .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
