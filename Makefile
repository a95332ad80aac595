# The two commands are `make run` and `make test`; `make` alone lists the rest.
#
# Settings (PORT, DATABASE_URL, GLEXIA_DATA_DIR, ATTACK_BUNDLES, PRODUCTION, …) come from the
# environment or the make line. Make hands both on to what it runs, and nothing here gives one a
# value: what is not given is not set. Write `$$` for a dollar sign on the make line. Kept to what
# GNU make 3.81 knows, which is what macOS has.

PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup dev run test crawl check rehearse bench sbom lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## install what the product needs into .venv
	@sh scripts/setup

dev: # and what the tests and checks need
	@sh scripts/setup --dev

run: setup ## start everything and print the address (PORT=…, ATTACK_BUNDLES=…)
	@exec $(PYTHON) -m glexia.run

test: dev ## run the tests (ARGS=… goes to pytest; ATTACK_BUNDLES=… adds the real bundles)
	@exec $(PYTHON) -m pytest -n 3 --dist loadfile $(ARGS)

crawl: dev ## read all current pages and some pinned, follow all links (ATTACK_BUNDLES=… ARGS=…)
	@exec $(PYTHON) -m tests.library.whole_crawl $(ARGS)

# Every check runs; the end says which failed.
check: dev ## ruff, mypy, templates, Django's checks, migrations, the sample, advisories
	@failed=; \
	run() { echo "* $$*"; $(PYTHON) "$$@" || failed="$$failed, $$*"; }; \
	run -m ruff check; \
	run -m ruff format --check; \
	run -m mypy .; \
	run -m djlint --lint --quiet templates; \
	run manage.py check; \
	run manage.py makemigrations --check --dry-run; \
	run fixtures/build_sample.py --check; \
	run scripts/audit.py; \
	if [ "$$failed" ]; then echo "Failed: $${failed#, }" >&2; exit 1; fi; \
	echo "Every check passed."

rehearse: setup ## take the steps of the Dockerfile and compose.yaml without a container (ARGS=…)
	@exec $(PYTHON) scripts/rehearse.py $(ARGS)

bench: dev ## measure imports, pages and searches against their budgets (ATTACK_BUNDLES=… ARGS=…)
	@exec $(PYTHON) -m tests.benchmarks $(ARGS)

sbom: dev ## write what the product is made of to sbom.json, as CycloneDX
	@exec $(PYTHON) -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file sbom.json

lock: ## write both lock files anew, with uv (ARGS=--upgrade for the newest versions)
	@sh scripts/lock $(ARGS)

clean: ## remove .venv and caches; your data stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find accounts analysis fixtures glexia importer library tests -name __pycache__ -prune -exec rm -rf {} +
