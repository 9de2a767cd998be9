# make run   the studio on this machine: environment, models, address
# make test  the environment, every check and every test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export GOMP_SPINCOUNT := 0
export OMP_WAIT_POLICY := passive
export HF_HUB_DISABLE_TELEMETRY := 1
export GRADIO_ANALYTICS_ENABLED := False

.PHONY: run models test test-full lint check-run check-test screenshots benchmarks gallery clean

run: check-run $(STAMP)
	$(BIN)/python app.py models pull --default
	$(BIN)/python app.py serve

models: $(STAMP)
	$(BIN)/python app.py models pull --default --tests

INK := tests/ink/node_modules/.package-lock.json

$(INK): tests/ink/package-lock.json
	npm ci --prefix tests/ink --no-audit --no-fund

test: check-test $(STAMP) lint models $(INK)
	$(BIN)/python -m pytest -m "not gpu and not full"

test-full: check-test $(STAMP) lint models $(INK)
	$(BIN)/python -m pytest -m "not gpu"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

screenshots: check-test $(STAMP) models
	$(BIN)/python -m tests.browser.screenshots docs/screenshots

benchmarks: $(STAMP) models
	$(BIN)/python -m benchmarks.all

gallery: $(STAMP) models
	$(BIN)/python -m benchmarks.illustrator gallery

$(STAMP): pyproject.toml requirements-nodeps.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip install --quiet -e ".[dev,postgres,ray,s3]"
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-nodeps.txt
	touch $@

check-run:
	@missing=$$(PYTHON=$(PYTHON) bash scripts/missing-packages.sh run); if [ -n "$$missing" ]; then \
	  echo "Maquette needs some system packages first:"; echo "  sudo apt-get install -y $$missing"; exit 1; fi

check-test:
	@missing=$$(PYTHON=$(PYTHON) bash scripts/missing-packages.sh run test); if [ -n "$$missing" ]; then \
	  echo "The tests need some system packages first:"; echo "  sudo apt-get install -y $$missing"; exit 1; fi

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
