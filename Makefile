# The two commands are `make run` and `make test`; each sets itself up.
PYTHON ?= python3
BIN := .venv/bin
BASE ?= HEAD
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check unit matrix stress bench house reference same fuzz lock man imports setup clean

# Only what feedd needs to run is installed for this.
run: .venv/run
	$(BIN)/feedd build
	@echo "Look at it: open output/index.html, or add output/atom.xml to a feed reader."
	@if [ -t 1 ]; then $(BIN)/feedd serve; fi

# Many tests wait for a daemon or a server, so there is a worker more than processors.
test: check
	$(BIN)/pytest -n $$($(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)') --dist worksteal

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Pure code and local files only; properties are tried with few examples, and with all of them by `make test`.
unit: setup
	$(BIN)/pytest tests/unit -n 2 --hypothesis-profile=quick

# The fast tests on every Python that is found and on the lowest versions of the dependencies; `make matrix MATRIX=--help`.
matrix:
	$(PYTHON) -m benchmarks.matrix $(MATRIX)

stress: setup
	$(BIN)/pytest -m stress

bench: setup
	$(BIN)/python -m benchmarks $(BENCH)

house: setup
	$(BIN)/python -m benchmarks.house $(HOUSE)

# Write what is generated from the declarations of the configuration.
reference: setup
	$(BIN)/python -m benchmarks.reference

# `make same BASE=REV SAME="--only posts --allow FILE"`: what differs from the revision REV, and what it costs.
same: setup
	$(BIN)/python -m benchmarks.same $(BASE) $(SAME)

fuzz: .venv/fuzz
	$(BIN)/python -m tests.rigs.fuzzing.guided $(FUZZ)

.venv/fuzz: .venv/ready requirements-fuzz.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-fuzz.lock
	touch $@

# Compiled here, for where Python may not write bytecode each start would compile all of it again.
setup: .venv/ready
	-@$(BIN)/python -m compileall -q feeds

.venv/run: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m compileall -q feeds
	@# The program, without the tools that build a package. `make test` installs it in the usual way.
	echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/feedd.pth"
	printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m feeds "$$@"\n' "$(CURDIR)" > $(BIN)/feedd
	chmod +x $(BIN)/feedd
	touch $@

.venv/ready: .venv/run requirements-dev.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# For every platform and every Python from the lowest supported release on; versions in a lock stay while they satisfy.
RESOLVE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header
lock: setup
	$(RESOLVE) -o requirements.lock pyproject.toml
	$(RESOLVE) -c requirements.lock --extra dev -o requirements-dev.lock pyproject.toml
	$(RESOLVE) -c requirements.lock --extra fuzz -o requirements-fuzz.lock pyproject.toml
	$(RESOLVE) --resolution lowest-direct --extra test -o requirements-lowest.lock pyproject.toml

imports: setup
	$(BIN)/python -m benchmarks.late_imports

man: setup
	$(BIN)/python -m benchmarks.man_page

clean:
	rm -rf .venv output/* state
