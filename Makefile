# All the set-up there is: `make demo` or `make test` on a machine with Python 3.11 and a C library.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Every test's children import edgeopt: compiled once, not by each of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-quick lint docs format clean

# Pinned versions that are tested together. Old pips know no --constraint hashes, none are needed.
$(READY): constraints.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "edgeopt needs Python 3.11 or later")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/python -m benchmarks.demo.model runs/efficientnet-lite0.pt2
	$(BIN)/edgeopt optimize runs/efficientnet-lite0.pt2 --target this-machine \
	    --data benchmarks.demo.crops:choose \
	    --calibration benchmarks.demo.crops:calibrate \
	    --confirm benchmarks.demo.crops:confirm \
	    --metric agreement --max-drop 4% --quick --out runs/demo

# Two at a time, a file each in the order of tests/conftest.py: most of a test's time goes into
# children that use one core. A process that dies ends them: xdist would start another, and then wait
# for ever for the files that the dead one had done.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

test: $(READY)
	$(PYTEST)

test-quick: $(READY)
	$(PYTEST) -m 'not slow'

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pages as a site, in site/: a broken link or anchor ends it.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache
