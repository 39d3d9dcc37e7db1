# Two commands on a fresh machine (Python 3.11 or newer): make demo, make test. Everything else is for developers.
PYTHON ?= python3
# Some machines forbid bytecode; every command here starts many processes, which would all compile again.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test thorough check bench docs faults fuzz lock clean

demo: $(INSTALLED)
	$(BIN)/regulars demo demo

test: $(INSTALLED) check
	$(BIN)/pytest -n 2 --dist loadgroup

# The same with what takes long and has a shorter sibling in `make test`: more seeds, walks through every page.
thorough: $(INSTALLED) check
	REGULARS_THOROUGH=1 $(BIN)/pytest -n 2 --dist loadgroup

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

# Workers killed, paused and starved while the provider fails: no message twice, none lost. About an hour; docs/faults.md.
faults: $(INSTALLED)
	PYTHONPATH=tests $(BIN)/python -m faults

# 100,000 damaged files and conditions; none may make a traceback. A quarter of an hour on a quiet machine.
fuzz: $(INSTALLED)
	$(BIN)/python tests/fuzzing.py

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Regulars needs Python 3.11 or newer')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(INSTALLED)

# The reference pages, from the models; a test fails when they drift.
docs: $(INSTALLED)
	$(BIN)/python -m regulars.lang.reference docs/reference

# Pins everything with hashes and names no index; needs uv. It is whole, so installing it resolves nothing (--no-deps).
lock:
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv demo .regulars data
