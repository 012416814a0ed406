"""Compares loss and gradients of train.c with PyTorch's on one batch: `train --gradients` has left both.

    ./train --data train.bin --threads 1 --tokens 1024 --gradients grads.bin --out run && python3 check_gradients.py
"""
import sys

import numpy as np
import torch

from model import Config, TinyMoE

run = sys.argv[1] if len(sys.argv) > 1 else "run"
weights = np.fromfile(f"{run}/weights.bin", dtype=np.float32)
grads = np.fromfile("grads.bin", dtype=np.float32)
c = Config()
model = TinyMoE(c).double()
places = {}
for line in open(f"{run}/tensors.txt"):
    name, *numbers = line.split()
    places[name] = list(map(int, numbers))


def theirs(name):
    b = name.split(".")
    if b[0] != "blk":
        return {"token_embd": model.embed, "output": model.head, "output_norm": model.norm.weight}[name]
    block = model.blocks[int(b[1])]
    short = {"attn_norm": block.attn_norm.weight, "ffn_norm": block.ffn_norm.weight, "attn_q_norm": block.q_norm.weight,
             "attn_k_norm": block.k_norm.weight, "attn_q": block.q, "attn_k": block.k, "attn_v": block.v, "attn_output": block.o,
             "ffn_gate_inp": block.router, "ffn_gate_up_exps": block.gate_up, "ffn_down_exps": block.down}
    return short[b[2]]


for name, (offset, count, rows, cols) in places.items():
    p = theirs(name)
    p.data.copy_(torch.from_numpy(weights[offset:offset + count * rows * cols]).view(p.shape))
segments, w = [], []
for line in open("batch.txt"):
    if line.startswith("segment"):
        segments.append([])
    else:
        i, t, x = line.split()
        segments[-1].append((int(i), int(t), float(x)))
flat = [t for s in segments for t in s]
ids = torch.tensor([[t[0] for t in flat]])
position = torch.tensor([[i for s in segments for i in range(len(s))]])
segment = torch.tensor([[g for g, s in enumerate(segments) for _ in s]])
weight = torch.tensor([t[2] for t in flat]).double()
logits, balance, _ = model(ids, position, segment)
loss = (torch.nn.functional.cross_entropy(logits[0], torch.tensor([t[1] for t in flat]), reduction="none") * weight).sum() / weight.sum()
(loss + 0.01 * balance).backward()
print(f"loss {loss.item():.6f} balance {balance.item():.6f}, {len(segments)} segments, {len(flat)} tokens")
worst = 0
for name, (offset, count, rows, cols) in places.items():
    a, b = theirs(name).grad.reshape(-1).numpy(), grads[offset:offset + count * rows * cols]
    error = np.abs(a - b).max() / (np.abs(a).max() + 1e-12)
    worst = max(worst, error)
    if error > 1e-3:
        print(f"{name}: {error:.2e} of {np.abs(a).max():.2e}")
print(f"largest error {worst:.1e} of a tensor's largest gradient")
