# Every recipe works on a path with spaces. Recipes call tools through the environment's
# Python, because installed scripts contain the path of the environment.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
ALL_TESTS := -n 2 --durations=20

.PHONY: run test check fix bench setup screenshots demo-pictures

run: $(STAMP)
	@exec $(PY) -m labeler.embedded run

setup: $(STAMP)

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Labeler needs Python 3.11 or newer; set PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing the packages that Labeler needs (once, about a minute) …"
	@if command -v uv >/dev/null 2>&1; then uv pip sync -q --require-hashes --python $(PY) requirements.lock; \
	else $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; fi
	@touch $(STAMP)

test: $(STAMP)
	@$(PY) -m labeler.browser
	@$(PY) -m labeler.embedded exec --fast -- $(PY) -m pytest $(or $(ARGS),$(ALL_TESTS))

check: $(STAMP)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	LABELER_SECRET_KEY=for-the-type-checker $(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()'
	$(PY) -m deptry . --extend-exclude '(.*/tests/|benchmarks/|tools/|conftest)'
	$(PY) -m deptry . --ignore DEP004
	$(PY) -m tools.unused
	$(PY) -m djlint frontend/templates --check --quiet
	$(PY) -m djlint frontend/templates --lint --quiet
	$(PY) -m labeler.embedded exec --fast -- $(PY) -m tools.checks

fix: $(STAMP)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(PY) -m djlint frontend/templates --reformat --quiet || true
	$(PY) -m tools.checks fix

bench: $(STAMP)
	@$(PY) -m labeler.embedded exec --worker -- $(PY) -m benchmarks $(ARGS)

screenshots: $(STAMP)
	@$(PY) -m labeler.browser
	@LABELER_SCREENSHOTS=1 $(PY) -m labeler.embedded exec --fast -- $(PY) -m pytest $(or $(ARGS),frontend/tests/test_screenshots*.py)

# Draw the committed pictures of the demo again (about nine minutes).
demo-pictures: $(STAMP)
	$(PY) -m tools.drawn_people $(ARGS)
