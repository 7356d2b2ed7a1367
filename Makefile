# Everything that a developer or CI runs. Each target installs what it needs first; `make setup` does only that.
# More words for the program behind a target: make test ARGS="-k frozen", make demo ARGS=--keep

SHELL := /bin/bash
BIN := .venv/bin
ARGS ?=
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
# What the image is called and what is written on it; SOURCE_DATE_EPOCH is the time of the last commit.
TAG ?= ballonet/ballonet:$(VERSION)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
ENGINE = $(firstword $(foreach engine,podman docker buildah,$(shell command -v $(engine))))
# By these the same commit makes the same image. docker's own builder leaves the times of files as they are.
REPEATABLE = $(if $(findstring docker,$(ENGINE)),,--timestamp $(SOURCE_DATE_EPOCH) --identity-label=false)

# Most tests wait more than they compute, so two at a time run beside each other. Those that watch how guests use their
# memory have the machine for themselves, and so has what is built or installed as root.
TOGETHER := tests/unit tests/cluster tests/chart tests/packages
ALONE := tests/web tests/guests tests/alerts tests/hosts tests/image tests/node
# Who selects tests may select none of one half; pytest calls that 5.
PERHAPS_NONE = $(if $(ARGS), || [ $$? -eq 5 ])

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup check lint types imports drift docs lock format test test-image test-unit test-web test-cluster test-guests test-alerts \
	test-hosts install uninstall deb test-chart test-packages test-node test-pressure demo bench image clean distclean build-environment package-environment guest-environment root

help:  ## List every target
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

setup:  ## Install all that the others need: apt packages, .venv, a guest kernel, a browser, Kubernetes
	@.ci/install

build-environment:
	@.ci/install build

package-environment:
	@.ci/install deb

guest-environment:
	@.ci/install guests

root:
	@[ "$$(id -u)" -eq 0 ] || { echo 'error: the pressure tests lock memory and add swap: run them as root' >&2; exit 2; }

check: lint types imports drift  ## Judge the source without running it: lint, types, imports, drift

lint: build-environment  ## Find mistakes and bad form in Python code (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: build-environment  ## Check the types of source and tests (mypy, strict)
	$(BIN)/mypy

imports: build-environment  ## Check that the parts import each other only as the design allows (import-linter)
	$(BIN)/lint-imports

drift: build-environment  ## Check that the documents agree with the code
	$(BIN)/python docs/drift.py

docs: build-environment  ## Write the generated parts of the documents, the dashboards and the chart's copies anew
	$(BIN)/python monitoring/dashboard_files.py
	$(BIN)/python charts/chart_files.py
	$(BIN)/python docs/drift.py --write

lock: build-environment  ## Pin what images and packages hold; ARGS=--upgrade takes the newest that the ranges allow
	$(BIN)/uv pip compile pyproject.toml --extra all --universal --python-version 3.11 --generate-hashes --quiet \
		--no-annotate --no-emit-index-url --no-emit-package libvirt-python --no-emit-package ballonet \
		--custom-compile-command 'make lock' --output-file requirements.lock $(ARGS) >/dev/null
	echo hatchling | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes --quiet \
		--no-annotate --no-emit-index-url \
		--custom-compile-command 'make lock' --output-file deploy/image/build.lock $(ARGS) >/dev/null

format: build-environment  ## Rewrite the Python code in the project's form (ruff)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: setup  ## Run all tests, those on real guests and on a real Kubernetes API included
	$(BIN)/pytest --numprocesses 2 --dist loadfile $(TOGETHER) $(ARGS)$(PERHAPS_NONE)
	$(BIN)/pytest $(ALONE) $(ARGS)$(PERHAPS_NONE)

test-unit: guest-environment  ## Run the fast tests, which need no libvirt
	$(BIN)/pytest tests/unit $(ARGS)

test-web: setup  ## Run the tests of the web pages, in a real browser without a window
	$(BIN)/pytest tests/web $(ARGS)

test-cluster: setup  ## Run the tests on a real Kubernetes API, on loopback
	$(BIN)/pytest tests/cluster $(ARGS)

test-guests: guest-environment  ## Run the tests on real guests, under a libvirtd of their own
	$(BIN)/pytest tests/guests $(ARGS)

test-alerts: guest-environment  ## Run the tests with real guests, Prometheus and Alertmanager
	$(BIN)/pytest tests/alerts $(ARGS)

test-chart: setup  ## Run the tests of the Helm chart, on a real Kubernetes API
	$(BIN)/pytest tests/chart $(ARGS)

test-packages: guest-environment  ## Run the tests of the Python packages, which pipx installs
	$(BIN)/pytest tests/packages $(ARGS)

test-image: setup  ## Build the container image, and test its programs on a real guest; needs root
	$(BIN)/pytest tests/image $(ARGS)

test-hosts: setup  ## Build the Debian package, and test it under systemd on a fresh Debian; needs root
	$(BIN)/pytest tests/hosts $(ARGS)

test-node: setup  ## Run the tests on a real Kubernetes node, with the chart's life on it; needs root
	$(BIN)/pytest tests/node $(ARGS)

test-pressure: root guest-environment  ## Run the tests that take nearly all memory of this machine; needs root
	$(BIN)/pytest tests/pressure $(ARGS)

demo: guest-environment  ## Show it at work: six real guests, three busy, then the roles swap
	$(BIN)/ballonet demo $(ARGS)

bench: setup  ## Measure: code, planning, scraping (each script in bench/ that can be run)
	@failed=0; for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script || failed=1; done; exit $$failed

image:  ## Build the container image with podman, docker or buildah; TAG, VERSION, REVISION may be given
	@[ -n "$(ENGINE)" ] || { echo 'image: error: install podman, docker or buildah' >&2; exit 2; }
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(ENGINE) build --tag $(TAG) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$(REVISION) $(REPEATABLE) \
		--build-arg CREATED=$(shell date --utc --date=@$(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ) .

install:  ## Install programs, units and settings below DESTDIR and prefix (/usr/local); starts nothing
	@DESTDIR='$(DESTDIR)' prefix='$(or $(prefix),/usr/local)' sysconfdir='$(or $(sysconfdir),/etc)' PYTHON='$(or $(PYTHON),python3)' \
		deploy/install

uninstall:  ## Remove what make install has installed there; settings stay
	@DESTDIR='$(DESTDIR)' prefix='$(or $(prefix),/usr/local)' sysconfdir='$(or $(sysconfdir),/etc)' deploy/install --uninstall

deb: package-environment  ## Build dist/ballonet_VERSION_amd64.deb for Debian 13, in a fresh root of it; needs root
	@mkdir -p dist
	@cp -v "$$($(BIN)/python -m ballonet_lab debian-package)" dist/

clean:  ## Remove what was made in this checkout, .venv included
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## Remove what is kept for all checkouts as well: kernel, Kubernetes and logs
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/ballonet"
