# The two commands are `make run` and `make test`; each sets itself up.
PYTHON ?= python3
BIN := .venv/bin
BASE ?= HEAD
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check unit stress bench house same fuzz lock setup clean

run: setup
	$(BIN)/feedd build -c config/feedd.toml
	@echo "Look at it: open output/index.html, or add output/atom.xml to a feed reader."
	@if [ -t 1 ]; then $(BIN)/feedd serve -c config/feedd.toml; fi

test: check
	$(BIN)/pytest -n auto

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Pure code and local files only; properties are tried with few examples, and with all of them by `make test`.
unit: setup
	$(BIN)/pytest tests/unit -n 2 --hypothesis-profile=quick

stress: setup
	$(BIN)/pytest -m stress

bench: setup
	$(BIN)/python -m benchmarks $(BENCH)

house: setup
	$(BIN)/python -m benchmarks.house $(HOUSE)

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

.venv/ready: requirements-dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q feeds
	touch $@

lock: setup
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header -o requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header -o requirements-dev.lock pyproject.toml --extra dev
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header -c requirements-dev.lock -o requirements-fuzz.lock pyproject.toml --extra fuzz

clean:
	rm -rf .venv output/* state
