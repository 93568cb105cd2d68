# Each target does its own set-up in .venv; PYTHON chooses the interpreter (3.11 to 3.13) that it is made with.
PYTHON ?= python3
PRESET ?=
STUDY ?= default
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run report status experiments findings example test test-long lint format docs clean preset

run: .venv/installed ## the study of params.yaml, from data to results/studies/NAME/report.html
	snakemake $(if $(PRESET),--configfile params.yaml workflow/presets/$(PRESET).yaml)

report: .venv/installed ## figures and a report of what is finished, in partial/, at any time of a study
	python -m emergence.study.partial $(if $(PRESET),workflow/presets/$(PRESET).yaml)

status: .venv/installed ## what is finished, what is left, how long it takes, what began and did not finish
	emergence status $(PRESET)

# DVC has no setting for which columns it shows, nor for their titles.
experiments: .venv/installed ## dvc exp show: of each experiment the verdicts on all claims, and the parameters that differ
	dvc exp show --md --only-changed --keep '.*/verdicts.json' --drop '.*/(effects|choices).json' \
		| sed -E 's/[^ |]*verdicts.json://g; s/ +\|/ |/g; s/-{3,}/---/g'

findings: .venv/installed ## docs/findings.md, its picture and the answer in README.md, from docs/findings
	emergence findings write

example: .venv/installed ## the report of a finished study as one file to publish, example.html: make example STUDY=default
	emergence findings example $(STUDY)

preset: .venv/installed ## write a preset into params.yaml: make preset PRESET=smoke
	python -m emergence.parameters apply $(PRESET)

test: lint ## style, types and all tests but the long ones
	pytest -n 2 -m "not workflow and not cluster and not long"
	pytest -n 2 --dist worksteal -m "(workflow or cluster) and not long"

test-long: .venv/installed ## the tests that repeat often what the others do once or twice, or take all data sets
	pytest -n 2 --dist worksteal -m long

lint: .venv/installed ## style, spelling, types, generated files
	ruff check
	ruff format --check
	mypy
	codespell
	snakefmt --check Snakefile workflow
	snakemake --lint
	python -m emergence.parameters check

format: .venv/installed
	ruff check --fix
	ruff format
	snakefmt Snakefile workflow

docs: .venv/installed ## the site of docs/, in build/site; broken links are errors
	NO_MKDOCS_2_WARNING=1 mkdocs build

clean: ## results, logs and caches; data and the environment stay
	rm -rf results partial logs .cache .snakemake data/processed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
