# Two commands matter: `make demo` and `make test`. Nothing needs to be installed before but Python 3.11, pip and make.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
RUN := var/.stamp-run
DEV := var/.stamp-dev

.PHONY: demo up test check long long-blinding long-hosts long-weeks long-faults long-rest faults bench lock screenshots clean help

help:  ## say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(RUN)  ## start everything with two demo studies, and print where to play them
	@$(BIN)/python manage.py up --demo

up: $(RUN)  ## start everything without the demo studies
	@$(BIN)/python manage.py up

# One process more than two cores have: many tests wait for clocks, for programs that think, for what was killed.
WORKERS ?= 3

test: $(DEV)  ## run the tests, in three processes unless WORKERS says otherwise
	$(BIN)/python -m pytest -n $(WORKERS) -m "not long"

check: $(DEV)  ## formatting, lint, types, system checks, missing migrations, layout
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy platform experiments tests bench manage.py
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -q tests/test_layout.py

long: $(DEV)  ## the tests at the sizes that were promised, in parts (more than an hour); prints what was played
	@rm -rf $(PLAYED); failed=0; for part in $(PARTS); do $(MAKE) --no-print-directory long-$$part || failed=1; done; \
	$(BIN)/python -m tests.machinery.played $(PLAYED); exit $$failed

# Each part alone: `make long-faults`. Every file with a long or sized test is in one of them: the last takes the rest.
PARTS := blinding hosts weeks faults rest
PLAYED := var/long
LONG = RAPPORT_TEST_SIZE=long $(BIN)/python -m pytest --junitxml=$(PLAYED)/$(@:long-%=%).xml -m "long or sized"

# Who is a program is looked for with nothing beside it: a busy machine delays people and programs differently.
long-blinding: $(DEV)
	$(LONG) -m long -n 0 tests/blinding

# Cables are pulled and clocks jump for the whole part, which counts what its own people were told.
long-hosts long-weeks: long-%: $(DEV)
	$(LONG) -n 0 tests/$*

long-faults: $(DEV)
	$(LONG) -n 2 --dist worksteal tests/faults

long-rest: $(DEV)
	$(LONG) -n 2 --dist worksteal $(patsubst %,--ignore tests/%,blinding hosts weeks faults)

faults: $(DEV)  ## people play while processes die and networks break (about ten minutes); prints counts
	RAPPORT_TEST_SIZE=long $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/faults

bench: $(DEV)  ## our pages and conversations beside oTree's, and replies of models (SIZE=full: much longer)
	$(BIN)/python -m bench --size $(or $(SIZE),quick)

screenshots: $(DEV)  ## make every picture of the documentation again
	RAPPORT_SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest -m browser tests/browser

lock: $(DEV)  ## write requirements.txt and dev.txt from the .in files
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url dev.in -o dev.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url bench/otree-requirements.in -o bench/otree-requirements.txt

clean:  ## remove the environment and all state of this copy, data included
	rm -rf .venv var

$(RUN): requirements.txt | .venv
	@.ci/install requirements.txt
	@touch $@

$(DEV): requirements.txt dev.txt | .venv
	@.ci/install requirements.txt dev.txt
	@touch $(RUN) $@

.venv:
	@PYTHON="$(PYTHON)" .ci/environment
