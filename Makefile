# Each command works from a fresh clone: it makes .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check golden clean

demo: .venv/ready
	$(BIN)/python examples/demo.py

test: .venv/ready
	$(BIN)/python -m pytest

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_documentation.py docs README.md CONTRIBUTING.md

# The numbers of the course's real data; EX4 names the folder with ex4data1.mat and ex4weights.mat.
golden: .venv/ready
	$(BIN)/python tests/golden/ex4.py $(EX4)

clean:
	rm -rf .venv build demo

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"deltarule needs Python 3.11 or newer, but $(PYTHON) is {sys.version.split()[0]}. Name another one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
