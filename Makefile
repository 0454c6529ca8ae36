# Each command works from a fresh clone: it makes .venv and builds the compiled core first.
PYTHON ?= python3
BIN := .venv/bin
NATIVE := CMakeLists.txt $(wildcard native/*/*.?pp native/*/*.inl native/*/*/*.hpp)

EXAMPLES := digits regression choosing_lambda vanishing from_scikit_learn distil
GENERATED := docs/examples/generated
LIBRARY := $(shell find src/deltarule -name "*.py")

.PHONY: demo test check bench bench-scale bench-tables bench-page screens docs pictures sanitize arm golden torture clean

demo: .venv/ready
	$(BIN)/python examples/demo.py

# In two processes, because most tests use one core; a process that has none left takes half of the other's.
test: .venv/ready
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_documentation.py docs README.md CONTRIBUTING.md

# The estimators of tables beside the kept figures of their peers; the data sets lie where DELTARULE_DATA says.
bench-tables: .venv/ready
	$(BIN)/python benchmarks/tables/ours.py

# Against the peers, about seven minutes on two quiet cores; writes the table of the README. Peers whose packages clash get
# environments below build/peers, 1.6 GB; one that cannot be made is left out, and the table says so.
bench: .venv/ready
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/environments.py
	$(BIN)/python benchmarks/run.py

# The budget of the page (docs/play.md); needs Chromium.
bench-page: .venv/ready
	$(BIN)/python benchmarks/page.py

# Pictures of the page in docs/pictures; needs Chromium.
screens: .venv/ready
	$(BIN)/python site/screens.py docs/pictures

# The site, from docs/ to build/site: runs the examples, whose output and pictures are on their pages. Warnings are errors.
docs: $(EXAMPLES:%=$(GENERATED)/%.txt)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The site begins at build/site/index.html."

$(GENERATED)/%.txt: examples/%.py .venv/ready $(LIBRARY)
	mkdir -p $(GENERATED)
	$(BIN)/python -W error $< $(GENERATED) > $@.part
	mv $@.part $@

# The two pictures of the README, which are kept with the sources.
pictures: $(GENERATED)/digits.txt $(GENERATED)/vanishing.txt
	cp $(GENERATED)/network.png $(GENERATED)/layer_values.png docs/pictures/

# The tests of the core without Python, under the address and undefined-behaviour sanitizers and the thread sanitizer.
sanitize: build/sanitize-address,undefined build/sanitize-thread

build/sanitize-%: .venv/ready $(NATIVE)
	$(BIN)/cmake -S . -B $@ -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja \
	  -DDELTARULE_PYTHON=OFF -DDELTARULE_TESTS=ON -DDELTARULE_SANITIZE=$*
	$(BIN)/cmake --build $@
	$(BIN)/ctest --test-dir $@ --parallel 2 --output-on-failure

# The same tests for aarch64, under an emulator; needs Debian's g++-aarch64-linux-gnu and qemu-user. The emulator cannot start
# threads in a forked child.
arm: .venv/ready
	$(BIN)/cmake -S . -B build/arm -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja \
	  -DDELTARULE_PYTHON=OFF -DDELTARULE_TESTS=ON -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
	  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu"
	$(BIN)/cmake --build build/arm
	DELTARULE_TEST_NO_FORK=1 $(BIN)/ctest --test-dir build/arm --output-on-failure

# The numbers of the course's real data; EX4 names the folder with ex4data1.mat and ex4weights.mat.
golden: .venv/ready
	$(BIN)/python tests/golden/ex4.py $(EX4)

# Rows larger than the memory: fits, passes, conversions, the cost model; then fits on a Dask cluster of two processes. An hour on two
# quiet cores at full size; SHARE=0.1 takes a tenth of the rows, and TORCH names a Python that has PyTorch, to compare with.
SHARE ?= 1
TORCH ?=
bench-scale: .venv/ready
	$(BIN)/python -u benchmarks/scale.py --share $(SHARE) $(if $(TORCH),--torch $(TORCH))
	$(BIN)/python -u benchmarks/scale_dask.py

# What tests must not take minutes for: faults looked for at random. Prints a line for each kind; a quarter of an hour on two cores.
torture: .venv/ready
	DELTARULE_FAULTS=1 $(BIN)/python -m pytest tests/cluster/test_faults.py
	$(BIN)/python torture/start.py

clean:
	rm -rf .venv build demo $(GENERATED)

.venv/ready: pyproject.toml $(NATIVE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"deltarule needs Python 3.11 or newer, but $(PYTHON) is {sys.version.split()[0]}. Name another one: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
