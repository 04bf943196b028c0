"""SciPy's values for stats.test.ts: python3 make_fixtures.py > scipy.json (written with SciPy's and NumPy's versions inside)."""
import json
import sys

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20260101)
out = {"scipy": scipy.__version__, "numpy": np.__version__, "correlations": [], "t": [], "normal": [], "paired": [], "quantiles": []}
for n, ties in [(3, False), (6, False), (8, True), (14, False), (40, True), (200, False)]:
    x = rng.normal(size=n)
    y = 0.4 * x + rng.normal(size=n)
    if ties:
        x, y = np.round(x), np.round(y)
    pr, sr = stats.pearsonr(x, y), stats.spearmanr(x, y)
    out["correlations"].append({"x": x.tolist(), "y": y.tolist(), "ranks": stats.rankdata(x).tolist(), "pearson": [pr.statistic, pr.pvalue],
                                "spearman": [sr.statistic, sr.pvalue]})
    ci = pr.confidence_interval(0.95) if n > 3 else None
    out["correlations"][-1]["interval"] = [ci.low, ci.high] if ci else None
for t, dof in [(0.1, 1), (2.0, 2), (-1.5, 5), (3.3, 12), (25.0, 3), (0.7, 200), (6.0, 40)]:
    out["t"].append([t, dof, 2 * stats.t.sf(abs(t), dof)])
for p in [1e-12, 1e-5, 0.025, 0.3, 0.5, 0.975, 0.999999]:
    out["normal"].append([p, stats.norm.ppf(p)])
for n in [3, 5, 10]:
    d = rng.normal(0.3, 1, size=n)
    r = stats.permutation_test((d,), np.sum, permutation_type="samples", alternative="two-sided", n_resamples=np.inf)
    out["paired"].append([d.tolist(), float(r.pvalue)])
for q in [0.025, 0.5, 0.9]:
    v = rng.normal(size=11)
    out["quantiles"].append([v.tolist(), q, float(np.quantile(v, q))])
json.dump(out, sys.stdout, indent=1)
