# `make help` lists everything.
.DEFAULT_GOAL := help
.PHONY: help setup demo test up down lint bench fuzz soak load lock
T ?=

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

setup:  ## what the machine, Python and the servers lack (second time: nothing)
	@deploy/setup

demo: setup  ## one document to four levels, told as a story; starts and stops everything by itself
	@.venv/bin/axis demo

test:  ## every test, two files at a time; T="tests/unit -k name" for some
	@deploy/setup test
	@.venv/bin/pytest $(or $(T),-n 2 --dist loadfile)

up: setup  ## start the local stack and keep it
	@.venv/bin/axis up

down:  ## stop it
	@.venv/bin/axis down

lint: setup  ## ruff, mypy, and whether the lock file is current
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@deploy/lock --check

soak: setup  ## faults in a seeded order under load, then the books compared; MINUTES=10 SEED=1
	@deploy/setup soak
	@.venv/bin/python -m tests.soak --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1)

load: setup  ## a flood, a big packet among small ones, a thousand who poll, one document to 3,355
	@.venv/bin/python -m tests.load

fuzz:  ## coverage-guided fuzzing of each reader of others' bytes; SECONDS=300, T="pdf cms edxml" for some
	@deploy/setup test
	@for target in $(or $(T),pdf cms edxml); do \
	    .venv/bin/python -m tests.fuzz $$target $(or $(SECONDS),300) /tmp/axis-fuzz/$$target || exit 1; done

bench: setup  ## the measurements, one JSON object a line
	@.venv/bin/axis bench --json

lock: setup  ## write requirements.lock anew after a change of pyproject.toml
	@deploy/lock
