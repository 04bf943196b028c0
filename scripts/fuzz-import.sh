#!/usr/bin/env bash
# Feeds mutated archives, manifests, weights, states, configurations, logs, matrix declarations, addresses and shared runs to their
# readers: each must give a value or an error of its own. Default: 10,000 of each kind (a third of that for manifests and
# configurations).
set -euo pipefail
cd "$(dirname "$0")/.."
FUZZ_RUNS="${1:-10000}" npx vitest run tests/experiment/archive/archive.test.ts tests/experiment/archive/hostile.test.ts \
  tests/app/menu-store.test.ts tests/worker/share.test.ts -t "fuzz|damaged"
