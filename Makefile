# The few words of this project. `make demo` and `make test` need Debian, Python 3.11 and make.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
export WEB_PORT ?= 8000
export SANDBOX_PORT ?= 8100

.PHONY: demo run worker test test-all lint fix bench clean

demo: $(VENV)/.run .env            ## set up, run the main job against the sandbox, then serve (SERVE=0: do not)
	$(PY) -m demo $(if $(filter 0,$(SERVE)),--no-serve)

run: $(VENV)/.run .env             ## the web server
	$(PY) manage.py migrate -v 0
	$(PY) manage.py sync_schedules
	$(PY) manage.py sync_groups -v 0
	$(PY) manage.py collectstatic --noinput -v 0
	$(VENV)/bin/gunicorn marketplace.wsgi --bind 127.0.0.1:$(WEB_PORT) --workers 2 --threads 4

worker: $(VENV)/.run .env          ## the background worker, watched and restarted when stuck
	$(PY) manage.py migrate -v 0
	$(PY) manage.py sync_schedules
	$(PY) manage.py watch_worker

test: $(VENV)/.dev .env            ## the whole suite, on SQLite and on PostgreSQL where there is one
	$(PY) scripts/run_tests.py

test-all: $(VENV)/.dev .env        ## the same, with the pages on PostgreSQL too
	$(PY) scripts/run_tests.py --all

lint: $(VENV)/.dev .env            ## style, types, import contracts, migrations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check

fix: $(VENV)/.dev                  ## mend what a machine can mend
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.dev .env           ## measure; prints a table and writes var/bench/
	$(PY) -m benchmarks

clean:                             ## forget the virtual environment and everything under var/
	rm -rf $(VENV) var .env

$(VENV)/bin/python:
	$(PYTHON) scripts/make_venv.py $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $(VENV)/.run $@

.env:
	$(PYTHON) scripts/make_env.py
