# Everything runs in .venv, made on first use from nothing but Python 3.11 or newer; nothing is written outside the checkout.
#   make demo ARGS="--devices 200"     make test ARGS="-k lease"     make VENV=.venv-3.14 PYTHON=python3.14 test

VENV   := .venv
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
ARGS   ?=

export PYTHON
export XDG_CACHE_HOME := $(CURDIR)/$(VENV)/cache
export PIP_CACHE_DIR ?= $(XDG_CACHE_HOME)/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick lab check lint types imports packaging bench docs format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.all ## run the example workflow on a simulated network
	$(BIN)/neops demo $(ARGS)

test: $(VENV)/.dev ## run the tests
	$(PYTEST) -n auto --dist worksteal -m "not packaging and not lab" $(ARGS)

test-quick: $(VENV)/.dev ## run the tests that take less than two seconds each
	$(PYTEST) -n auto --dist worksteal -m "not packaging and not lab and not slow" $(ARGS)

lab: $(VENV)/.dev ## run the tests on real FRR routers and a NETCONF server; needs root, frr, openssh-server, iproute2
	$(BIN)/python -m tests.lab $(ARGS)

check: lint types imports packaging ## lint, type-check, import contracts, and the built wheel in a clean environment

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

packaging: $(VENV)/.dev
	$(PYTEST) -m packaging tests/packaging $(ARGS)

bench: $(VENV)/.bench ## measure against Nornir, netmiko and scrapli; JSON goes to bench-results/
	$(BIN)/python -m tests.benchmarks $(ARGS)

docs: $(VENV)/.dev ## write the generated pages; check links and code blocks of the documentation
	$(BIN)/python -m tests.unit.docs.generated
	$(PYTEST) tests/unit/docs $(ARGS)
	@echo "Read on at docs/README.md"

format: $(VENV)/.dev ## sort imports and format
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

clean: ## remove the environment and everything built or cached
	rm -rf $(VENV) build dist bench-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.all: pyproject.toml .ci/venv
	@.ci/venv all
	@touch $@

$(VENV)/.dev: pyproject.toml .ci/venv
	@.ci/venv dev
	@touch $(VENV)/.all $@

$(VENV)/.bench: $(VENV)/.dev
	@.ci/venv bench
	@touch $@
