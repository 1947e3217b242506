# Everything runs in .venv, which the first target that needs it creates. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# For example: make app PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_FLAGS ?=
INDEX ?= index
PORT ?= 7860
Q ?= 豆包2024年11月的月活跃用户有多少？

FORMAT ?= docx
NEWS ?=
SECONDS ?= 600
# Test files that run side by side.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help app ask index test test-slow test-all lint types eval bench baseline peers fuzz attack lock docs browser clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

app: index ## set up, index corpus/ and open the web app 打开网页
	$(BIN)/wenyuan serve --index $(INDEX) --port $(PORT) --open

ask: index ## ask in the terminal 在终端提问: make ask Q="…"
	@$(BIN)/wenyuan ask "$(Q)" --index $(INDEX)

index: $(VENV)/.installed ## index corpus/; does nothing if it has not changed
	@$(BIN)/wenyuan index corpus --index $(INDEX) --quiet

test: $(VENV)/.installed-dev browser lint types ## set up and run the quick checks (at most 5 minutes)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not slow"

test-slow: $(VENV)/.installed-dev browser ## the checks that take longer: browsers, crashes, attacks, training
	ATTACK_PATIENCE=5 $(BIN)/pytest -n $(WORKERS) --dist loadfile -m slow

test-all: test test-slow ## every check

lint: $(VENV)/.installed-dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## mypy, strict
	$(BIN)/mypy

eval: index ## measure everything on the gold questions; the report is eval/results/gold/report.html
	$(BIN)/wenyuan eval --index $(INDEX)

bench: index ## measure speed; with NEWS=FOLDER of part-*.txt (an article a line) also how cost grows to 100,000 of them
	$(BIN)/python -m eval.bench.inference
	$(BIN)/python -m eval.bench.start --index $(INDEX)
	$(if $(NEWS),$(BIN)/python -m eval.bench.growth --news $(NEWS))

baseline: index ## renew what `make test` compares with: commit eval/results/baseline/
	$(BIN)/wenyuan eval --index $(INDEX) --name baseline --no-cost

peers: index ## measure LlamaIndex, LangChain, Haystack and txtai beside Wenyuan (half an hour)
	$(BIN)/python -m eval.bench.peers.run

fuzz: $(VENV)/.installed-fuzz ## look for bytes that break a loader: make fuzz FORMAT=pdf SECONDS=600
	nice -n 15 $(BIN)/python tests/fuzz/fuzz_loaders.py $(FORMAT) -max_total_time=$(SECONDS)

attack: $(VENV)/.installed-fuzz browser ## attack a server of your own, on this machine only; then fuzz it, twice SECONDS
	$(BIN)/pytest tests/attack tests/test_api_fuzz.py
	nice -n 15 $(BIN)/python tests/fuzz/fuzz_loaders.py guard -max_total_time=$(SECONDS)
	nice -n 15 $(BIN)/python tests/fuzz/fuzz_loaders.py multipart -max_total_time=$(SECONDS)

lock: | $(BIN)/python ## renew requirements.lock after constraints.txt
	$(BIN)/pip install --disable-pip-version-check --quiet uv==0.13.9
	sed -n '/^#/p' requirements.lock > requirements.new
	$(BIN)/uv pip compile pyproject.toml --extra ocr -c constraints.txt --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --quiet | \
		awk '/^[a-z]/ { kept = !/^(torch|triton|cuda-|nvidia-)/ } kept' >> requirements.new
	mv requirements.new requirements.lock

docs: $(VENV)/.installed-dev ## make a site of docs/ in build/site
	$(BIN)/mkdocs build --strict

clean: ## remove the environment, the index and caches
	rm -rf $(VENV) $(INDEX)/CURRENT $(INDEX)/generations $(INDEX)/.lock .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf .fuzz tests/artefacts dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The tests drive a real browser: one that is installed, else Debian's, else playwright's own.
browser: $(VENV)/.installed-dev
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing chromium and a CJK font for the browser tests"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; \
	else $(BIN)/playwright install chromium; fi

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 …"; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt requirements.lock | $(BIN)/python
	@echo "Installing Wenyuan and its packages into $(VENV) (a few minutes the first time)"
	@$(BIN)/pip install --disable-pip-version-check --quiet $(PIP_FLAGS) --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -c constraints.txt -e ".[ocr]"
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the checks need"
	@$(BIN)/pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -c constraints.txt -e ".[dev]"
	@touch $@

$(VENV)/.installed-fuzz: $(VENV)/.installed-dev
	@$(BIN)/pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -c constraints.txt -e ".[fuzz]"
	@touch $@
