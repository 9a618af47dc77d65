# make demo       the Louvre in the manner of Mary Cassatt's Summertime, into outputs/
# make test       all tests
# make test-fast  the tests for daily use, under five minutes
# make lint       ruff: lint and format
# make clean      removes the virtual environment

VENV ?= .venv
PYTHON ?=
BIN := $(VENV)/bin

.PHONY: demo test test-fast lint format clean

demo: $(VENV)/installed
	@mkdir -p outputs
	$(BIN)/python -m nst_tf demo -o outputs/louvre_summertime.jpg

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest

test-fast: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow"

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/installed: pyproject.toml requirements.txt scripts/make_venv.sh
	@sh scripts/make_venv.sh "$(VENV)" "$(PYTHON)"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@

clean:
	rm -rf "$(VENV)"
