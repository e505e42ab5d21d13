# Two commands for a fresh machine that has Python 3.11 or newer, git and make:
#   make demo   runs the main job on a made-up organisation and says where the report is
#   make test   runs every test, and installs what the tests need
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   ?= demo

.PHONY: help demo test check lint types imports content browser docs mutants bench clean
help:
	@sed -n 's/^#  */  /p' Makefile

$(BIN)/ztkit: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ztkit needs Python 3.11 or newer: make demo PYTHON=python3.11"; exit 1; }
	@echo "Making a virtual environment in $(VENV) and installing ztkit (a minute or two, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/ztkit
	@echo "Installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(BIN)/ztkit
	@$(BIN)/ztkit demo $(DEMO) --replace

test: $(VENV)/.dev browser
	$(BIN)/python -m pytest -n 2 --dist loadgroup
	$(BIN)/python -m pytest --nbval -W default notebooks

check: $(VENV)/.dev
	$(BIN)/ruff format --check ztkit tests benchmarks
	$(BIN)/ruff check ztkit tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/ztkit checks lint

# The browser tests run in the Chrome, Edge or Chromium that is there; on Debian one is installed where that may be done.
browser:
	@sh tests/browser/install-chromium.sh

mutants: $(VENV)/.dev
	ZTKIT_MUTANTS=all $(BIN)/python -m pytest -n 2 tests/mutation

docs: $(VENV)/.dev
	$(BIN)/ztkit checks docs docs/checks

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
