# The knlp workbench. `make demo` opens it, `make test` checks it, `make run` trains in the terminal.
SHELL := /bin/bash
PORT ?= 4173
NPM  ?= npm

CONFIG_TARGETS = menuconfig savedefconfig check list-defconfigs allyesconfig allnoconfig
RUN_TARGETS = matrix test-matrix-dry-run sweep continue estimate test-rerun summary update-graphs tracker-test doctor
.PHONY: all demo build test run $(CONFIG_TARGETS) $(RUN_TARGETS) clean deps browser bench format
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

run: build
	@bin/wb run $(ARGS) --out $${OUT:-runs/$$(date +%Y%m%d-%H%M%S)}

# The kernel's workflow: `make defconfig-NAME` or `make menuconfig` writes .config, `make check` says what it costs,
# `make run` trains it, `make savedefconfig` writes its short form to ./defconfig.
menuconfig: build
	@bin/wb menuconfig

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
# Variables: MAX_ITERS, TIME (seconds a cell), TRACKER, BASELINE=DIR,... pass through; DRY_RUN=1 prints the cells only.
M ?= $(patsubst %/matrix.json,%,$(firstword $(shell ls -t runs/*/matrix.json 2>/dev/null)))
VARIABLES = $(foreach v,MAX_ITERS TIME TRACKER BASELINE,$(if $($(v)),$(v)=$($(v))))
NEW = --out $${OUT:-runs/matrix-$$(date +%Y%m%d-%H%M%S)}
NEED_MATRIX = @test -n "$(M)" || { echo "make $@: no matrix below runs/: give M=DIR, or make one with \`make matrix ARGS=...\`" >&2; exit 2; }

matrix: build
	@bin/wb matrix $(ARGS) $(VARIABLES) $(if $(DRY_RUN),--dry-run,$(NEW))

test-matrix-dry-run: build
	@bin/wb matrix $(ARGS) $(VARIABLES) --dry-run

sweep: build
	@test -n "$(RANGE_CONFIG)" || { echo "make sweep: give RANGE_CONFIG=FILE" >&2; exit 2; }
	@bin/wb sweep $(RANGE_CONFIG) $(ARGS) $(VARIABLES) $(if $(DRY_RUN),--dry-run,$(NEW))

continue estimate: build
	$(NEED_MATRIX)
	@bin/wb $@ $(M)

test-rerun: build
	$(NEED_MATRIX)
	@test -n "$(TARGET)" || { echo "make test-rerun: give TARGET=\"key=value ...\", as status=failed" >&2; exit 2; }
	@bin/wb rerun $(M) --filter $(TARGET)

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

# A browser for the end-to-end tests: what is there already, else Debian's, else Playwright's own.
browser: deps
	@node scripts/browser.mjs

test: deps browser
	@scripts/test.sh

bench: build
	@$(NPM) run --silent bench

format: deps
	@$(NPM) run --silent format

clean:
	rm -rf dist coverage .cache
