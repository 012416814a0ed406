"""The shape of the network; the head of train.c has the same numbers."""
SHAPE = dict(vocab=2048, dim=256, layers=6, heads=8, kv_heads=2, head_dim=32, experts=32, top_k=4, ff=64,
             ctx=512, rope_base=10000.0, eps=1e-6)
