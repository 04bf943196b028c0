#!/usr/bin/env python3
"""Writes tests/oracle/optimizers.json: SGD, Adam, AdamW and AMSGrad of PyTorch in f64 on fixed gradients (Debian: python3-torch).

  /usr/bin/python3 tests/oracle/optimizers_torch.py

Weights and gradients come from the linear congruential generator of tests/support/gpu.ts (`noise`), rounded to f32, so the tests
rebuild them; only results are stored. Gradient of step s: noise(seed 100 + s) scaled by 1 + s / 7.
"""
import json, os
import numpy as np, torch

N, STEPS, LR, WD = 24, 20, 3e-3, 0.1

def noise(n, seed, scale=1.0):
    state, out = (seed & 0xffffffff) or 1, []
    for _ in range(n):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        out.append((state / 2147483648 - 1) * scale)
    return np.array(out).astype(np.float32)

def run(make):
    w = torch.nn.Parameter(torch.tensor(noise(N, 1).astype(np.float64)))
    optimizer = make([w])
    for step in range(STEPS):
        w.grad = torch.tensor(noise(N, 100 + step, 1 + step / 7).astype(np.float64))
        optimizer.step()
    state = {k: v.tolist() for k, v in optimizer.state[w].items() if isinstance(v, torch.Tensor) and v.dim() > 0}
    return {"w": w.tolist(), "state": state}

adam = dict(lr=LR, betas=(0.9, 0.99), eps=1e-8, weight_decay=WD)
cases = {
    "sgd": run(lambda p: torch.optim.SGD(p, lr=LR, momentum=0.9, weight_decay=WD)),
    "adam": run(lambda p: torch.optim.Adam(p, **adam)),
    "adamw": run(lambda p: torch.optim.AdamW(p, **adam)),
    "adamwadv": run(lambda p: torch.optim.AdamW(p, amsgrad=True, **adam)),
}
with open(os.path.join(os.path.dirname(__file__), "optimizers.json"), "w") as f:
    json.dump({"torch": torch.__version__, "elements": N, "steps": STEPS, "lr": LR, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8,
               "momentum": 0.9, "weight_decay": WD, "cases": cases}, f, indent=1)
    f.write("\n")
