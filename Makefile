# zbudlab needs nothing but python3 (with venv) and make. `make` alone lists the commands.

PYTHON    ?= python3
VENV      ?= .venv
WORKERS   ?= 2
JOBS      ?= 1
PORT      ?= 8000
HOURS     ?=
MINUTES   ?= 5
SEED      ?= 1
PIPFLAGS  ?=
LABFLAGS  ?=
RUNFLAGS  ?=
LOCKFLAGS ?=
SUBMISSIONS ?= grading/submitted
GRADEFLAGS  ?=

BIN     := $(VENV)/bin
NBVAL   := --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg
NOTEBOOKS = $(wildcard notebooks/*.ipynb) $(wildcard solutions/*/*.ipynb)
# JupyterLab refuses to run as root unless told that it is meant.
ROOTFLAG := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help env warm lab teach run test quick lint check notebooks exercises grade bench bench-browser shots bench-history predict findings fuzz soak dist wheelhouse lock check-wheels clean site site-serve

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

env: ## make the environment in .venv/ from requirements.lock (PYTHON=, PIPFLAGS=)
	@command -v $(PYTHON) >/dev/null || { \
	  echo "There is no $(PYTHON) here: install Python 3.11, 3.12 or 3.13 (Debian and Ubuntu: apt install python3 python3-venv), or say make PYTHON=..." >&2; exit 2; }
	@$(PYTHON) scripts/make_env.py --venv $(VENV) --pip "$(PIPFLAGS)"

warm: env
	@echo "warm-up: compiling the engine (seconds; once per change of zbudlab/)"
	@$(BIN)/python -m zbudlab.warmup

lab: warm ## open JupyterLab at the first notebook (LABFLAGS=--no-browser)
	@$(BIN)/python scripts/lab.py $(ROOTFLAG) $(LABFLAGS)

teach: warm ## open it with nbgrader's controls, for teachers (LABFLAGS=)
	@$(BIN)/python scripts/lab.py --teacher $(ROOTFLAG) $(LABFLAGS)

run: warm ## run the main job on this Python's own library files (RUNFLAGS=)
	@$(BIN)/zbudlab run $(RUNFLAGS)

test: lint check ## run every check: lint, types, layers, unit, property, golden, notebooks

quick: lint warm ## lint, types and the tests of packages changed since BASE= and in the work tree
	@$(BIN)/python scripts/quick.py

lint: env ## check code, English, types and layers
	@echo "lint: ruff reads the code"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "english: the idioms that CONTRIBUTING lists"
	@$(BIN)/python scripts/prose.py
	@echo "types: mypy reads zbudlab/"
	@$(BIN)/mypy
	@echo "layers: import-linter checks that imports only go down"
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/house.py --check

check: warm
	@$(BIN)/python -m zbudlab.wasm
	@echo "bounds: compiling the engine once more, every array index checked (into a cache of its own)"
	@NUMBA_BOUNDSCHECK=1 $(BIN)/python -m zbudlab.warmup
	@echo "tests: unit, property and golden tests in $(WORKERS) processes"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
	@echo "bounds: the golden traces once more, every array index checked"
	@NUMBA_BOUNDSCHECK=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal tests/conformance/test_golden.py
	@echo "notebooks: every cell is run and its output compared"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(NBVAL) notebooks solutions

notebooks: warm ## run every notebook again and store its output, normalised
	@$(BIN)/python scripts/notebooks.py $(NOTEBOOKS)

site: warm ## build the static site in build/site/
	@echo "site: the course with its outputs, the guides, a page for every public function"
	@$(BIN)/python scripts/site.py
	@echo "site: open build/site/index.html, or serve it: make site-serve"

site-serve: ## serve the site to this computer only (PORT=); builds it if it is not there
	@test -f build/site/index.html || $(MAKE) --no-print-directory site
	@echo "site: http://127.0.0.1:$(PORT)/ (Ctrl-C ends it)"
	@$(BIN)/python -m http.server -b 127.0.0.1 -d build/site $(PORT)

exercises: warm ## make exercises/ from solutions/
	@$(BIN)/python scripts/exercises.py

grade: warm ## give marks to submissions (SUBMISSIONS=, GRADEFLAGS=)
	@$(BIN)/zbudlab grade $(SUBMISSIONS) --out grading/marks.csv $(GRADEFLAGS)

bench: warm ## measure speed
	@$(BIN)/python -m benchmarks

bench-browser: warm ## measure the live views in a browser (needs Chromium)
	@$(BIN)/python -m benchmarks.browser
	@$(BIN)/python -m benchmarks.livepages

shots: warm ## take pictures of every view: three widths, light and dark (needs Chromium)
	@$(BIN)/python -m tests.browser.shots

bench-history: warm ## measure how fast long logs open and jump (some five minutes)
	@$(BIN)/python -m benchmarks.history

predict: warm ## compare the machine with a running kernel
	@$(BIN)/python scripts/hold_against_kernel.py

findings: warm ## run all findings again: results, tables, figures (JOBS=)
	@$(BIN)/python -m findings --jobs $(JOBS)

fuzz: warm ## call everything with anything for a while (MINUTES=5 SEED=1)
	@NUMBA_BOUNDSCHECK=1 $(BIN)/python -m zbudlab.warmup
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES) --seed $(SEED)

soak: warm ## long runs: 10^7 operations, the driver, WebAssembly, submissions, mutants, fuzzing; HOURS=n goes on with the long run
	@$(BIN)/python -m tests.soak $(if $(HOURS),--hours $(HOURS))
	@$(if $(HOURS),:,$(BIN)/python -m tests.driver.soak)
	@$(if $(HOURS),:,$(BIN)/python -m tests.wasm.soak)
	@$(if $(HOURS),:,$(BIN)/python -m tests.races.spin)
	@$(if $(HOURS),:,$(BIN)/python -m tests.course.load 300 2)
	@$(if $(HOURS),:,$(BIN)/python -m tests.course.catching)
	@$(if $(HOURS),:,$(MAKE) --no-print-directory fuzz MINUTES=30)

dist: env ## build sdist and wheel in dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .

wheelhouse: dist ## fill wheelhouse/ with all packages, for rooms without a network
	@echo "wheelhouse: fetching every locked package for this system and this $$($(BIN)/python --version)"
	@$(BIN)/python -m pip download --quiet --require-hashes -r requirements.lock -d wheelhouse
	@cp dist/*.whl wheelhouse/
	@echo "wheelhouse: done; in the room, with the same system and Python, say: make lab PIPFLAGS=\"--no-index -f wheelhouse\""

lock: ## resolve requirements.lock again (needs uv; LOCKFLAGS=--upgrade)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 2; }
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11.0 \
	  --extra test --extra grade --extra dask --extra site --extra bench $(LOCKFLAGS) pyproject.toml -o requirements.lock

check-wheels: ## see that every locked package has a wheel for each system (needs uv and network)
	@$(PYTHON) scripts/check_wheels.py

clean: ## remove what these commands made, .venv/ included
	rm -rf $(VENV) build dist wheelhouse .hypothesis .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache .numba_cache soak
	find . -name __pycache__ -prune -exec rm -rf {} +
