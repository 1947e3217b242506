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

.DEFAULT_GOAL := help
.PHONY: help app ask index test lint types eval bench baseline peers fuzz browser clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

app: index ## set up, index corpus/ and open the web app 打开网页
	$(BIN)/wenyuan serve --index $(INDEX) --port $(PORT) --open

ask: index ## ask in the terminal 在终端提问: make ask Q="…"
	@$(BIN)/wenyuan ask "$(Q)" --index $(INDEX)

index: $(VENV)/.installed ## index corpus/; does nothing if it has not changed
	@$(BIN)/wenyuan index corpus --index $(INDEX) --quiet

test: $(VENV)/.installed-dev browser lint types ## set up and run every check
	$(BIN)/pytest

lint: $(VENV)/.installed-dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## mypy, strict
	$(BIN)/mypy

eval: index ## measure everything on the gold questions; the report is eval/results/gold/report.html
	$(BIN)/wenyuan eval --index $(INDEX)

bench: index ## measure speed; with NEWS=FOLDER of part-*.txt (an article a line) also how cost grows to 100,000 of them
	$(BIN)/python -m eval.inference
	$(BIN)/python -m eval.start --index $(INDEX)
	$(if $(NEWS),$(BIN)/python -m eval.growth --news $(NEWS))

baseline: index ## renew what `make test` compares with: commit eval/results/baseline/
	$(BIN)/wenyuan eval --index $(INDEX) --name baseline --no-cost

peers: index ## measure LlamaIndex, LangChain, Haystack and txtai beside Wenyuan (half an hour)
	$(BIN)/python -m eval.peers.run

fuzz: $(VENV)/.installed-fuzz ## look for bytes that break a loader: make fuzz FORMAT=pdf SECONDS=600
	nice -n 15 $(BIN)/python tests/fuzz/fuzz_loaders.py $(FORMAT) -max_total_time=$(SECONDS)

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

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Wenyuan and its packages into $(VENV) (a few minutes the first time)"
	@$(BIN)/pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the checks need"
	@$(BIN)/pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -c constraints.txt -e ".[dev]"
	@touch $@

$(VENV)/.installed-fuzz: $(VENV)/.installed-dev
	@$(BIN)/pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -c constraints.txt -e ".[fuzz]"
	@touch $@
