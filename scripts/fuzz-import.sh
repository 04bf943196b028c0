#!/usr/bin/env bash
# Feeds mutated archives to the importer: each must be refused with an ArchiveError or give the same files. Default: 10,000.
set -euo pipefail
cd "$(dirname "$0")/.."
FUZZ_RUNS="${1:-10000}" npx vitest run tests/experiment/archive -t fuzz
