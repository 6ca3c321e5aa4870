# Everything a developer runs; on a fresh machine each target fetches what it needs, once.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE # what is not kept is compiled anew by every process, half of its start

VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.synced
PACKAGES := services/kit services/customer services/scoring services/campaign gateway deploy/local simulator
SERVICES := customer scoring campaign
ROOMS := services gateway deploy simulator tests bench docs
NODE = $$($(RUN)/python -m sheaf.node)

.PHONY: help demo up down test lint schema format bench

help: ## Say what there is to run
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY) ## Show the system on a made-up bank (ONCE=1 ends it when all is shown)
	@$(RUN)/sheaf demo $(if $(ONCE),--once)

up: $(READY) ## Start the system in the background
	@$(RUN)/sheaf up --detach

down: $(READY) ## End it; its data stay
	@$(RUN)/sheaf down

test: lint ## Run every check, then every test, two at a time
	@$(RUN)/python -m pytest -q --numprocesses 2 --dist loadfile --basetemp="$$(mktemp -d /tmp/sheafXXXX)"

lint: $(READY) ## Run the checks alone
	@$(RUN)/ruff check --quiet .
	@$(RUN)/ruff format --check --quiet . || { echo "Run 'make format'."; exit 1; }
	@$(RUN)/mypy
	@$(RUN)/lint-imports --verbose > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }
	@for package in $(PACKAGES); do \
	  (cd $$package && $(CURDIR)/$(RUN)/deptry --no-ansi . > $(CURDIR)/$(VENV)/deptry.txt 2>&1) \
	    || { echo $$package; cat $(VENV)/deptry.txt; exit 1; }; \
	done
	@$(RUN)/codespell $(ROOMS) *.md Makefile
	@$(RUN)/python -m gateway.compile --check || { echo "The policy has drifted: run 'make schema'."; exit 1; }
	@for service in $(SERVICES); do \
	  $(RUN)/python -m $$service sdl | diff -u services/$$service/schema.graphql - \
	    || { echo "services/$$service/schema.graphql has drifted: run 'make schema'."; exit 1; }; \
	done
	@$(RUN)/python -m scoring scheme-schema | diff -u services/scoring/schemes/scheme.schema.json - \
	  || { echo "services/scoring/schemes/scheme.schema.json has drifted: run 'make schema'."; exit 1; }
	@$(NODE) gateway/compose.mjs --check || { echo "The supergraph has drifted: run 'make schema'."; exit 1; }
	@$(NODE) gateway/documents.mjs --check || { echo "The documents have drifted: run 'make schema'."; exit 1; }

schema: $(READY) ## Write what is compiled from policy and schemas after a change
	@$(RUN)/python -m gateway.compile
	@for service in $(SERVICES); do \
	  $(RUN)/python -m $$service sdl > services/$$service/.schema \
	    && mv services/$$service/.schema services/$$service/schema.graphql || exit 1; \
	done
	@$(RUN)/python -m scoring scheme-schema > services/scoring/schemes/.schema \
	  && mv services/scoring/schemes/.schema services/scoring/schemes/scheme.schema.json
	@$(NODE) gateway/compose.mjs
	@$(NODE) gateway/documents.mjs

format: $(READY) ## Lay out the code and sort its imports
	@$(RUN)/ruff check --quiet --fix-only .
	@$(RUN)/ruff format --quiet .

bench: $(READY) ## Measure intake, reads, row policies, the audit, the gateway, pricing, making banks up (FULL=1: a million customers too)
	@$(RUN)/python bench/live.py
	@$(RUN)/python bench/rls.py
	@$(RUN)/python bench/audit.py
	@$(RUN)/python bench/ingest.py
	@$(RUN)/python bench/router.py
	@$(RUN)/python bench/simulate.py $(if $(FULL),--full)
	@$(RUN)/python bench/contribution.py $(if $(FULL),--full)

$(READY): uv.lock pyproject.toml $(PACKAGES:%=%/pyproject.toml)
	@uv=$$(deploy/local/uv.sh) && "$$uv" sync --frozen --inexact --quiet
	@touch $@
