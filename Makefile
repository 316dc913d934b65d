# make run · make test · make check — each creates .venv first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CACHE := .cache

.PHONY: help run test check install dev lock clean format

help:
	@echo "make run     install, then start Tollbook on a sample office (http://127.0.0.1:8080)"
	@echo "make test    install all that the tests need, then run every test"
	@echo "make check   format, lint, types, import contracts, quick tests (under 2 minutes)"
	@echo "make format  rewrite the code in the house format"
	@echo "make lock    pin the newest versions that pyproject.toml admits"

run: $(VENV)/.installed
	@$(BIN)/tollbook demo

test: $(VENV)/.dev
	@scripts/test

check: $(VENV)/.dev
	@scripts/check

install: $(VENV)/.installed

dev: $(VENV)/.dev

$(VENV)/.installed: requirements.lock pyproject.toml
	@scripts/install requirements.lock $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@scripts/install requirements-dev.lock $@
	@touch $(VENV)/.installed

format: $(VENV)/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock:
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --upgrade --extra fast --group build pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --upgrade --extra fast --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) $(CACHE) build dist
