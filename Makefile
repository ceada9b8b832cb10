# Thin: every target is one or two commands that also work by themselves. CI calls only these.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
# Tests start hundreds of interpreters: what the first has compiled serves the others.
unexport PYTHONDONTWRITEBYTECODE

STACK ?= dev
PYTHON ?= python3
BIN := .venv/bin
LOCAL := $(BIN)/azlocal exec --start --
LOCKS := requirements/main.txt requirements/dev.txt requirements/data.txt
# Tests that share a deployed platform stay together in one process.
PARALLEL := --numprocesses 2 --dist loadgroup --quiet
CHECKED := emulator infra ml policies review shapes tools benchmarks tests

.PHONY: help setup demo test test-all lint format lock generate bench up preview down checkov clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  STACK=dev|staging|prod chooses the environment of up, preview and down (now: $(STACK))"

.venv/.ready: $(LOCKS) requirements/bootstrap.txt pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" sh tools/setup.sh

# Spark's own environment: 400 MB that only `make test-all` asks for.
.venv-spark/.ready: .venv/.ready requirements/spark.txt
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-spark
	@$(BIN)/uv pip sync --quiet --require-hashes --python .venv-spark/bin/python requirements/spark.txt
	@touch $@

setup: .venv/.ready ## Make the environment and get the Pulumi engine (the other targets do it too)
	@$(BIN)/python -m tools.engine

demo: setup ## Deploy dev on the local Azure, train a model there, and say what came out
	@$(BIN)/python -m tools.demo

test: setup ## Run the tests, all but the slow ones
	@$(BIN)/pytest $(PARALLEL) -m "not slow"

test-all: setup .venv-spark/.ready ## Run all tests
	@$(BIN)/pytest $(PARALLEL)

lint: setup ## Check format, lint, types, locks and generated files; change nothing
	@$(BIN)/ruff format --check $(CHECKED)
	@$(BIN)/ruff check $(CHECKED)
	@$(BIN)/ty check
	@$(BIN)/basedpyright
	@$(BIN)/python -m tools.locks --check
	@$(BIN)/python -m tools.generate --check

format: setup ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only $(CHECKED)
	@$(BIN)/ruff format $(CHECKED)

lock: setup ## Write requirements/*.txt anew from requirements/*.in
	@$(BIN)/python -m tools.locks

generate: setup ## Write the generated files anew
	@$(BIN)/python -m tools.generate

bench: setup ## Measure, and write benchmarks/results.md
	@$(BIN)/python -m benchmarks

up: setup ## Deploy a stack on the local Azure, with the policy pack
	@$(LOCAL) pulumi up --yes --stack $(STACK) --policy-pack policies

preview: setup ## Show what `make up` would change
	@$(LOCAL) pulumi preview --diff --stack $(STACK) --policy-pack policies

down: setup ## Delete a stack's resources from the local Azure, so that `make up` works again
	@$(LOCAL) $(BIN)/python -m tools.down $(STACK)

checkov: setup ## Hold what the local Azure holds against Checkov (docs/security.md)
	@$(BIN)/python -m tools.checkov

clean: ## Stop the local Azure and remove its state (not the environment)
	@if [ -x $(BIN)/azlocal ]; then $(BIN)/azlocal stop; $(BIN)/azlocal reset --yes; fi
