# Every target sets up what it needs in .venv by itself; `make PYTHON=python3.12 …` chooses the interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WHEEL_LIMIT := 15000000

# `make train CORPORA=seeds` learns from those corpora alone, and leaves the shipped model as it is.
CORPORA ?=
TRAINING_OPTIONS = $(if $(CORPORA),--corpora $(CORPORA) --output build/model)

.DEFAULT_GOAL := help
.PHONY: help run test check train evaluate benchmark wheel clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/runtime  ## clean the seed article
	@$(BIN)/chaffinch clean seeds/eu-japan-semiconductors.txt

test: $(VENV)/complete  ## run the tests
	$(BIN)/python -m pytest $(TESTS)

check: $(VENV)/complete  ## lint, check the format and the types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: $(VENV)/complete  ## train the model that ships, or with CORPORA=seeds a small one into build/model
	$(BIN)/python -m training $(TRAINING_OPTIONS)

evaluate: $(VENV)/complete  ## cross-validate by registered domain and print the tables
	$(BIN)/python -m training evaluate $(if $(CORPORA),--corpora $(CORPORA))

benchmark: $(VENV)/bench  ## measure quality and speed on public pages, beside other extractors
	$(BIN)/python -m training.benchmark

wheel: $(VENV)/complete  ## build the wheel, and clean a page with it alone in a fresh environment
	rm -rf dist && $(BIN)/python -m build
	test "$$(cat dist/*.whl | wc -c)" -lt $(WHEEL_LIMIT)
	$(PYTHON) -m venv --clear build/wheel && build/wheel/bin/python -m pip install --quiet dist/*.whl
	cd / && "$(CURDIR)/build/wheel/bin/chaffinch" clean "$(CURDIR)/seeds/eu-japan-semiconductors.txt" > /dev/null

clean:  ## remove what was built, the environment too
	rm -rf $(VENV) build dist

# The stamps let a changed pyproject.toml, and nothing else, install again.
$(VENV)/runtime: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/complete: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --editable ".[train,dev]"
	@touch $@ $(VENV)/runtime

# Older versions of pip take two spellings of one extra, lxml[html_clean], for two and give up.
$(VENV)/bench: $(VENV)/complete
	$(PIP_INSTALL) --upgrade pip
	$(PIP_INSTALL) --editable ".[train,dev,bench]"
	@touch $@
