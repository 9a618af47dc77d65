# make demo       the Louvre in the manner of Vincent van Gogh, into outputs/
# make lab        JupyterLab, on the notebooks
# make classroom  the live demo as a web page, on this machine; ADDRESS=0.0.0.0 for others too
# make test       the tests, the notebooks' included; a sample of what takes long
# make test-all   all of them, and all lessons in full, which takes more than an hour
# make coverage   how much of the package the tests run, which takes a third longer
# make test-fast  the tests for daily use, in two or three minutes
# make test-oldest    the same with the oldest versions that requirements.txt allows, on Python 3.11 or 3.12
# make lint       ruff (lint and format) and mypy (types)
# make assignment the students' version of the assignment, into notebooks/course/release
# make grade      grades what is in notebooks/course/submitted, or in COURSE/submitted;
#                 ISOLATION=none does it without bubblewrap, and EXPORT=moodle, canvas or gradescope
#                 writes the grades for that platform, too; SCHEDULER=tcp://… has a Dask cluster judge
# make notebooks  runs the notebooks and keeps their outputs
# make clean      removes the virtual environments

VENV ?= .venv
PYTHON ?=
COURSE ?= notebooks/course
OLDEST := .venv-oldest
BIN := $(VENV)/bin
QUICK_LESSONS := notebooks/00_start_here.ipynb notebooks/01_what_convnets_see.ipynb

.PHONY: demo lab classroom test test-all coverage test-fast test-oldest lint format assignment grade notebooks clean

demo: $(VENV)/installed
	@mkdir -p outputs
	$(BIN)/python -m nst_tf demo -o outputs/louvre_village_street_in_auvers.jpg

lab: $(VENV)/installed-lab
	$(BIN)/python -m jupyterlab notebooks/00_start_here.ipynb

classroom: $(VENV)/installed-classroom
	@$(BIN)/python -m nst_tf classroom $(if $(ADDRESS),--address "$(ADDRESS)")

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest tests/classroom
	TF_NUM_INTRAOP_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/classroom
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax $(QUICK_LESSONS)

test-all: $(VENV)/installed-dev
	$(BIN)/python -m pytest tests/classroom
	TF_NUM_INTRAOP_THREADS=1 $(BIN)/python -m pytest --all -n 2 --dist loadfile --ignore tests/classroom
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax notebooks/0*.ipynb

coverage: $(VENV)/installed-dev
	$(BIN)/python -m pytest tests/classroom --cov --cov-fail-under=0
	TF_NUM_INTRAOP_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/classroom --cov --cov-append

test-fast: $(VENV)/installed-dev
	TF_NUM_INTRAOP_THREADS=1 $(BIN)/python -m pytest -n 2 -m "not slow"

test-oldest:
	@sed -n 's/>=\([^,]*\),.*/==\1/p' requirements.txt > $(OLDEST).txt
	PIP_CONSTRAINT=$(OLDEST).txt $(MAKE) $(OLDEST)/installed-dev VENV=$(OLDEST)
	$(MAKE) test-fast VENV=$(OLDEST)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

assignment: $(VENV)/installed-teach
	@$(BIN)/python -m nst_tf.grading assignment "$(COURSE)"

grade: $(VENV)/installed-teach
	@$(BIN)/python -m nst_tf.grading grade "$(COURSE)" $(if $(ISOLATION),--isolation "$(ISOLATION)") \
		$(if $(EXPORT),--export "$(EXPORT)") $(if $(SCHEDULER),--scheduler "$(SCHEDULER)")

notebooks: $(VENV)/installed-dev
	$(BIN)/python scripts/run_notebooks.py

$(VENV)/installed: pyproject.toml requirements.txt scripts/make_venv.sh
	@sh scripts/make_venv.sh "$(VENV)" "$(PYTHON)"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@

$(VENV)/installed-lab: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[lab]"
	@touch $@

$(VENV)/installed-classroom: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[classroom]"
	@touch $@

$(VENV)/installed-teach: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[teach]"
	@touch $@

clean:
	rm -rf "$(VENV)" $(OLDEST) $(OLDEST).txt
