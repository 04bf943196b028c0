#!/usr/bin/env python3
"""Independent PyTorch statement of the attention variants (Debian: apt-get install python3-torch python3-numpy).

  attention_torch.py INIT.safetensors BATCHES.safetensors HPARAMS.json [--final FINAL.safetensors]

Inputs and output as in gpt2_torch.py. The variant of each layer is read off the tensor names under h.<i>.attn.: ra_logit
(reciprocal, learned), gate, q + kv_down + kv_up (latent), splice_down (KVSplice), c_attn of 2 C columns (tied keys). HPARAMS
has "rope" (true: rotate q and k) and "ra_heads" beside the baseline's. Everything in f64 with autograd.
"""
import json, math, struct, sys
import numpy as np
import torch
import torch.nn.functional as F

NUMPY = {"F32": np.float32, "I32": np.int32}


def load(path):
    raw = open(path, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    header, body = json.loads(raw[8:8 + size]), raw[8 + size:]
    header.pop("__metadata__", None)
    return {name.replace("transformer.", ""): np.frombuffer(body[slice(*e["data_offsets"])], NUMPY[e["dtype"]]).reshape(e["shape"]).copy()
            for name, e in header.items()}


def rotate(x):
    """x [B, H, T, d]: complex multiplication of the halves by exp(i t theta_m)."""
    half = x.shape[-1] // 2
    t = torch.arange(x.shape[-2], dtype=torch.float64)
    theta = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    turn = torch.polar(torch.ones(len(t), half, dtype=torch.float64), torch.outer(t, theta))
    z = torch.complex(x[..., :half], x[..., half:]) * turn
    return torch.cat([z.real, z.imag], -1)


def attention(q, k, v):
    """Causal softmax attention of [B, H, T, d]."""
    T = q.shape[-2]
    scores = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(q.shape[-1])
    scores = scores + torch.full((T, T), -math.inf, dtype=torch.float64).triu(1)
    return torch.einsum("bhij,bhjd->bhid", scores.softmax(-1), v)


class Model:
    def __init__(self, weights, hp):
        self.p = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in weights.items() if not k.startswith("lm_head")}
        self.hp = hp
        self.width = self.p["wte.weight"].shape[1]
        self.layers = 1 + max(int(k.split(".")[1]) for k in self.p if k.startswith("h."))

    def linear(self, name, x):
        y = x @ self.p[name + ".weight"]
        return y + self.p[name + ".bias"] if name + ".bias" in self.p else y

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.p[name + ".weight"], self.p.get(name + ".bias"), 1e-5)

    def qkv(self, at, x):
        p, C = self.p, self.width
        if at + ".c_attn.weight" in p:
            parts = self.linear(at + ".c_attn", x).split(C, -1)
            q, k, v = parts if len(parts) == 3 else (parts[0], parts[1], parts[1])
        else:
            latent = self.linear(at + ".kv_down", x)
            if at + ".splice_down.weight" in p:
                code = latent @ p[at + ".splice_down.weight"]
                if at + ".splice_ln.weight" in p:
                    code = self.norm(at + ".splice_ln", code)
                latent = code @ p[at + ".splice_up.weight"]
            q = self.linear(at + ".q", x)
            k, v = self.linear(at + ".kv_up", latent).split(C, -1)
        B, T, _ = x.shape
        q, k, v = (t.reshape(B, T, self.hp["n_head"], -1).transpose(1, 2) for t in (q, k, v))
        return (rotate(q), rotate(k), v) if self.hp.get("rope") else (q, k, v)

    def attend(self, at, x):
        p = self.p
        q, k, v = self.qkv(at, x)
        join = lambda o: o.transpose(1, 2).flatten(2)
        y = join(attention(q, k, v))
        if at + ".gate.weight" in p:
            y = y * torch.sigmoid(self.linear(at + ".gate", x))
        if at + ".ra_logit" in p:
            n = self.hp["ra_heads"]
            branch = join(attention(k[:, -n:], q[:, -n:], v[:, -n:]))
            y = y + torch.tanh(p[at + ".ra_logit"]) * self.norm(at + ".ra_ln", self.linear(at + ".ra_proj", branch))
        return self.linear(at + ".c_proj", y)

    def loss(self, tokens):
        ids, targets = tokens[:, :-1], tokens[:, 1:]
        h = self.p["wte.weight"][ids]
        if "wpe.weight" in self.p:
            h = h + self.p["wpe.weight"][:ids.shape[1]]
        for i in range(self.layers):
            h = h + self.attend(f"h.{i}.attn", self.norm(f"h.{i}.ln_1", h))
            u = F.gelu(self.linear(f"h.{i}.mlp.c_fc", self.norm(f"h.{i}.ln_2", h)))
            h = h + self.linear(f"h.{i}.mlp.c_proj", u)
        logits = self.norm("ln_f", h) @ self.p["wte.weight"].T
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def learning_rate(step, hp):
    if step < hp["warmup"]:
        return hp["lr"] * (step + 1) / hp["warmup"]
    progress = min(1, (step - hp["warmup"]) / max(1, hp["total_steps"] - hp["warmup"]))
    return hp["min_lr"] + 0.5 * (hp["lr"] - hp["min_lr"]) * (1 + math.cos(math.pi * progress))


def train(model, batches, hp):
    matrices = [p for k, p in model.p.items() if p.dim() == 2 and k.endswith("weight") and k not in ("wte.weight", "wpe.weight")]
    others = [p for p in model.p.values() if not any(p is m for m in matrices)]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": hp["weight_decay"]}, {"params": others, "weight_decay": 0.0}],
                                  lr=hp["lr"], betas=(hp["beta1"], hp["beta2"]), eps=hp["eps"])
    for step, tokens in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, hp)
        optimizer.zero_grad()
        loss = model.loss(torch.tensor(tokens.astype(np.int64)))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(model.p.values()), hp["grad_clip"] or math.inf)
        optimizer.step()
        print(json.dumps({"step": step, "loss": float(loss), "grad_norm": float(norm), "lr": learning_rate(step, hp)}), flush=True)


def relative(name, final, trained, start, C):
    """|difference| / |update|; the bias of keys has a true gradient of zero and is left out."""
    keep = np.ones(trained.size, bool)
    if name.endswith("c_attn.bias") and trained.size == 3 * C:
        keep[C:2 * C] = False
    if name.endswith("kv_up.bias"):
        keep[:C] = False
    pick = lambda a: a.astype(np.float64).reshape(-1)[keep]
    return float(np.linalg.norm(pick(final) - pick(trained)) / max(np.linalg.norm(pick(trained) - pick(start)), 1e-30))


def main():
    start, batches, hp = load(sys.argv[1]), load(sys.argv[2])["tokens"], json.load(open(sys.argv[3]))
    model = Model(start, hp)
    train(model, batches, hp)
    if "--final" not in sys.argv:
        return
    final = load(sys.argv[sys.argv.index("--final") + 1])
    print(json.dumps({
        "relative_to_update": {k: relative(k, final[k], p.detach().numpy(), start[k], model.width) for k, p in model.p.items() if k in final},
        "missing": [k for k in model.p if k not in final]}))


main()
