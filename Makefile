# Each target is one documented command; the comments say what to type where there is no make.
CORES ?= 2
PYTHON ?= python3
BIN = .venv/bin
# An activated or inherited Python setting must not leak into the environment made here.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.PHONY: help setup study test test-all check lint lock reference docs rulegraph picture benchmark benchmark-study benchmark-growth benchmark-detection clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

setup: .venv/ready ## Make .venv with the exact versions of requirements.lock      (python3 tools/setup.py)

.venv/ready: requirements.lock pyproject.toml tools/setup.py
	$(PYTHON) tools/setup.py

study: setup ## Run the default study: results/demo/report.html        (.venv/bin/snakemake --cores 2)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --cores $(CORES)

test: setup ## Run the tests                                          (.venv/bin/python -m pytest -m "not slow")
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(CORES) --dist loadgroup -m "not slow"

test-all: setup ## Run the slow tests too (networks, coverage, whole real sets)  (.venv/bin/python -m pytest)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(CORES) --dist loadgroup

lint: setup ## Check style, types and workflow                        (.venv/bin/python tools/lint.py)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/lint.py

check: lint test ## Lint, then test

lock: setup ## Resolve the dependencies anew                          (.venv/bin/python tools/lock.py)
	$(BIN)/python tools/lock.py

reference: setup ## Write the manual of every config key anew           (.venv/bin/python tools/reference.py)
	$(BIN)/python tools/reference.py

docs: setup ## Build the documentation, offline: docs/_build/index.html (.venv/bin/sphinx-build -W docs docs/_build)
	$(BIN)/sphinx-build -q -W --keep-going docs docs/_build

rulegraph: setup ## Draw the rules of the workflow anew; needs graphviz    (.venv/bin/python tools/rulegraph.py)
	$(BIN)/python tools/rulegraph.py

benchmark: setup ## Compare detection, features and files with the peers  (.venv/bin/python -m benchmarks --peers .peers)
	$(BIN)/python -m benchmarks --peers .peers

picture: setup ## Take the README's picture of the report; needs Chromium  (.venv/bin/python tools/picture.py)
	$(BIN)/python tools/picture.py

benchmark-study: setup ## A whole study beside one of NeuroKit2, tsfresh, sklearn (.venv/bin/python -m benchmarks.study.against_peers)
	$(BIN)/python -m benchmarks.study.against_peers --peers .peers

benchmark-growth: setup ## What 25 to 400 people cost; takes hours             (.venv/bin/python -m benchmarks.study.growth)
	$(BIN)/python -m benchmarks.study.growth

benchmark-detection: setup ## Compare the detection of breaths with its peers    (.venv/bin/python -m benchmarks.detection)
	$(BIN)/python -m benchmarks.detection --peers .peers

clean: ## Remove the environment and every result                (rm -rf .venv .snakemake results)
	rm -rf .venv .snakemake results
