#!/usr/bin/env bash
# Everything that must hold: formatting, lint, layers, types, build, tests. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s\n' "$*"; }
step format; npx prettier --check . --log-level warn
step lint; npx eslint .
step layers; npx depcruise src --config .dependency-cruiser.cjs
step types; npx tsc --noEmit
step build; npm run --silent build
step tests; npx vitest run
