# The knlp workbench. `make demo` opens it, `make test` checks it, `make run` trains in the terminal.
SHELL := /bin/bash
PORT ?= 4173
NPM  ?= npm

CONFIG_TARGETS = menuconfig nconfig defconfig savedefconfig check list-defconfigs allyesconfig allnoconfig
RUN_TARGETS = matrix test-matrix-dry-run sweep continue estimate test-rerun summary update-graphs tracker-test doctor bpa
.PHONY: all demo build test run $(CONFIG_TARGETS) $(RUN_TARGETS) clean mrproper data-clean deps browser bench format
.DEFAULT_GOAL := build

all: build

# Node 20.19 or newer, with a line that says what to do where it is missing.
.node-ok:
	@command -v node >/dev/null || { echo "make: Node.js is missing: install Node >= 20.19 (Debian: nodejs and npm)" >&2; exit 1; }
	@node -e 'const [a,b]=process.versions.node.split(".").map(Number); if (a<20||(a===20&&b<19)) { console.error("make: Node "+process.versions.node+" is too old: install Node >= 20.19"); process.exit(1); }'
.PHONY: .node-ok

node_modules/.package-lock.json: package.json package-lock.json | .node-ok
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

deps: node_modules/.package-lock.json

build: deps
	@$(NPM) run --silent build

demo: build
	@node scripts/serve.mjs dist/site $(PORT)

# Variables that pass through: MAX_ITERS, TIME (seconds a run), TRACKER, BASELINE=DIR,... (matrices); J: cells at a time.
# EPOCHS, MODELS and STAGE pass too, when they are given to make: wb says what to use in their place.
given = $(if $(findstring command,$(origin $(1))),$(1)="$($(1))")
VARIABLES = $(foreach v,MAX_ITERS TIME TRACKER BASELINE,$(if $($(v)),$(v)="$($(v))")) $(foreach v,EPOCHS MODELS STAGE,$(call given,$(v)))
J ?= $(PARALLEL_JOBS)
JOBS = $(if $(J),-j $(J))

run: build
	@bin/wb run $(ARGS) $(VARIABLES) --out $${OUT:-runs/$$(date +%Y%m%d-%H%M%S)}

# The kernel's workflow: `make defconfig-NAME` or `make menuconfig` writes .config, `make check` says what it costs,
# `make run` trains it, `make savedefconfig` writes its short form to ./defconfig.
menuconfig nconfig: build
	@bin/wb menuconfig

defconfig: build
	@bin/wb defconfig $(DEFCONFIG)

defconfig-%: build
	@bin/wb defconfig $*

savedefconfig: build
	@bin/wb savedefconfig

check: build
	@bin/wb check $(ARGS)

list-defconfigs: build
	@bin/wb defconfig --list

allyesconfig allnoconfig: build
	@bin/wb kconfig $@

# Matrices and what came out of them. M: the matrix directory, else the newest below runs/.
# DRY_RUN=1 prints the cells only; `make parallel-N` is `make matrix J=N`. (make's own -j is for its own recipes.)
M ?= $(patsubst %/matrix.json,%,$(firstword $(shell ls -t runs/*/matrix.json 2>/dev/null)))
NEW = --out $${OUT:-runs/matrix-$$(date +%Y%m%d-%H%M%S)}
NEED_MATRIX = @test -n "$(M)" || { echo "make $@: no matrix below runs/: give M=DIR, or make one with \`make matrix ARGS=...\`" >&2; exit 2; }

matrix: build
	@bin/wb matrix $(ARGS) $(VARIABLES) $(JOBS) $(if $(DRY_RUN),--dry-run,$(NEW))

parallel-%: build
	@bin/wb matrix $(ARGS) $(VARIABLES) -j $* $(if $(DRY_RUN),--dry-run,$(NEW))

test-matrix-dry-run: build
	@bin/wb matrix $(ARGS) $(VARIABLES) --dry-run

sweep: build
	@test -n "$(RANGE_CONFIG)" || { echo "make sweep: give RANGE_CONFIG=FILE" >&2; exit 2; }
	@bin/wb sweep $(RANGE_CONFIG) $(ARGS) $(VARIABLES) $(JOBS) $(if $(DRY_RUN),--dry-run,$(NEW))

continue: build
	$(NEED_MATRIX)
	@bin/wb continue $(M) $(JOBS)

estimate: build
	$(NEED_MATRIX)
	@bin/wb estimate $(M)

test-rerun: build
	$(NEED_MATRIX)
	@test -n "$(TARGET)" || { echo "make test-rerun: give TARGET=\"key=value ...\", as status=failed" >&2; exit 2; }
	@bin/wb rerun $(M) $(JOBS) --filter $(TARGET)

summary: build
	$(NEED_MATRIX)
	@bin/wb report $(M)

update-graphs: build
	$(NEED_MATRIX)
	@bin/wb graphs $(M)

tracker-test: build
	@bin/wb tracker test --out $${OUT:-runs/tracker-test}

doctor: build
	@bin/wb doctor

# The decode lane: STAGE=smoke|matrix|fit|package, LANE=DIR.
LANE ?= runs/lane
bpa: build
	@case "$(STAGE)" in \
	smoke|matrix) bin/wb bpa $(STAGE) $(ARGS) --out $(LANE);; \
	fit) bin/wb bpa fit $(LANE) $(ARGS);; \
	package) bin/wb bpa package $(LANE) $(ARGS) --out $(LANE).zip;; \
	*) echo "make bpa: give STAGE=smoke, matrix, fit or package, and LANE=DIR (default $(LANE))" >&2; exit 2;; esac

# A browser for the end-to-end tests: what is there already, else Debian's, else Playwright's own.
browser: deps
	@node scripts/browser.mjs

test: deps browser
	@scripts/test.sh

bench: build
	@$(NPM) run --silent bench

format: deps
	@$(NPM) run --silent format

# Three strengths of cleaning: what a build makes; the configurations and the runs here, too; the built data sets.
# `bin/wb clean` frees space inside of runs.
clean:
	rm -rf dist coverage .cache

mrproper:
	@if [ -e runs ] && [ "$(YES)" != 1 ]; then \
	  echo "make mrproper: deletes .config, defconfig and $$(ls runs | wc -l) folders in runs/: say YES=1 to delete them" >&2; exit 2; fi
	rm -rf dist coverage .cache .config .config.old defconfig defconfig.old runs

data-clean:
	rm -rf public/data dist/site/data dist/cli/data
