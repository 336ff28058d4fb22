# The verbs. `make` alone lists them; each installs what it needs first, and says what it does.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PYTHONPATH := shared:.
export UV := $(CURDIR)/.local/tools/bin/uv

PYTHON := .venv/bin/python
LOCAL := $(PYTHON) -m infra.local
CDK := npx --yes aws-cdk@2.1148.1

ROLE ?= operator
LIMIT ?= 500
STAGE ?= dev

.PHONY: help
help: ## list the verbs
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-11s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install everything into .venv and .local (done by every other verb when needed)
	@bash infra/local/setup.sh

.PHONY: run
run: setup ## start the local cloud and run the main job: 100 orders from webhook to doorstep
	@$(LOCAL) run

.PHONY: up
up: setup ## start the local cloud in the background; writes .local/outputs.json
	@$(LOCAL) up

.PHONY: down
down: ## stop the local cloud; its state is kept for the next start
	@if [[ -x $(PYTHON) ]]; then $(LOCAL) down; else echo "Nothing is installed, so nothing runs."; fi

.PHONY: token
token: setup ## print an access token: make token ROLE=warehouse LOCATION=ber-1 (or CHANNEL=sales_desk; several in quotes)
	@$(LOCAL) token "$(ROLE)" "$(LOCATION)" "$(CHANNEL)"

.PHONY: demo
demo: setup ## replay real orders: make demo ORDERS=online_retail.csv.gz LIMIT=500
	@$(LOCAL) demo "$(ORDERS)" "$(LIMIT)"

.PHONY: messages
messages: setup ## what became of channels' messages: make messages CHANNEL=shopify_eu ON=2026-11-23 REPLAY=all|<reason>|<id>
	@$(LOCAL) messages "$(CHANNEL)" "$(ON)" "$(REPLAY)"

.PHONY: invoke
invoke: setup ## run one handler against moto: make invoke FUNCTION=intake/api_submit_orders EVENT=events/samples/x.json
	@$(PYTHON) -m tests.invoke "$(FUNCTION)" "$(EVENT)"

.PHONY: test
test: setup ## run all tests; the local cloud is started for them and stopped after them
	@echo "1 of 2: rules, stores, templates, in two processes"
	@$(PYTHON) -m pytest -m "not cloud" -n 2 --dist loadgroup $(ARGS)
	@echo "2 of 2: the local cloud, with the machine to itself"
	@$(PYTHON) -m pytest -m cloud $(ARGS)

.PHONY: check
check: setup ## lint, types, import laws, and that everything generated is current
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PYTHON) events/export.py --check
	@$(PYTHON) docs/generate.py --check

.PHONY: export
export: setup ## write the generated files: contract, catalog, data model
	@$(PYTHON) events/export.py
	@$(PYTHON) docs/generate.py

.PHONY: bench
bench: setup ## count and measure the work per order; writes docs/performance.md (PART=prices renews that part alone)
	@$(PYTHON) -m tests.bench $(PART)

.PHONY: reliability
reliability: setup ## measure what is promised: storms of messages, payloads, signatures, cards; writes docs/reliability.md (PART=imports renews that part alone)
	@$(PYTHON) -m tests.reliability $(PART)

.PHONY: synth
synth: setup ## write the CloudFormation templates of STAGE to cdk.out, checked by cdk-nag
	@$(PYTHON) infra/app.py stage=$(STAGE) nag=true

.PHONY: deploy
deploy: setup ## deploy STAGE to the AWS account of the current credentials
	@$(CDK) deploy --all --context stage=$(STAGE)

.PHONY: clean
clean: down ## stop the local cloud and remove everything that was installed or made
	@rm -rf .venv .local cdk.out .hypothesis .import_linter_cache
