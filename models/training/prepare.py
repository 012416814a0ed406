#!/usr/bin/env python3
"""Tokenizer, training tokens, validation texts and evaluation prompts from the synthetic corpus.

    python3 prepare.py --work DIR --tokens 60e6 --jobs 2
    python3 prepare.py --count 20000 --jobs 2      # only measures speed and lengths
    python3 prepare.py --prompts 7 > prompts.json  # other prompts to evaluate with

Writes tokenizer.json, train.bin (uint16, every document ends with token 0), valid.json, prompts.json,
prepare.json (what was counted) and documents.json (texts with their tokens). The result is the same for any number of jobs.
"""
import argparse
import hashlib
import json
import multiprocessing
import os
import re
import signal
import sys
import time
from collections import Counter, deque
from pathlib import Path

import numpy as np

import bpe
from corpus import DOMAINS, document, prompt

VOCABULARY = 2048
TOKENIZER_DOCS = 30_000
LONGEST = 512
CHUNK = 500
TRAIN_SEED, VALID_SEED, PROMPT_SEED = 1, 2, 3
VALID_TEXTS = 60
TRIES = 20_000
PATIENCE = 5
SUM = re.compile(r"\b(\d+)\s*(\+|-|plus|minus)\s*(\d+)\b")

_tokenizer: bpe.Tokenizer


def text_hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def start_worker(tokenizer: bpe.Tokenizer) -> None:
    global _tokenizer
    _tokenizer = tokenizer


def make_texts(span: tuple[int, int]) -> list[str]:
    return [document(TRAIN_SEED, i)[1] for i in range(*span)]


def make_chunk(span: tuple[int, int]):
    """Documents of a span, encoded: bytes, hashes, tokens and documents by domain, how many were too long."""
    out, hashes, too_long = [], [], Counter()
    tokens, docs = Counter(), Counter()
    for i in range(*span):
        domain, text = document(TRAIN_SEED, i)
        ids = _tokenizer.encode(text)
        if len(ids) > LONGEST:
            too_long[domain] += 1
            continue
        out += ids
        out.append(0)
        hashes.append(text_hash(text))
        tokens[domain] += len(ids) + 1
        docs[domain] += 1
    return np.array(out, np.uint16).tobytes(), hashes, tokens, docs, too_long


def in_order(pool, work, spans, ahead: int):
    """Results of `work` in the order of the spans, with a bounded number of them under way."""
    waiting = deque()
    for span in spans:
        waiting.append(pool.apply_async(work, (span,)))
        if len(waiting) >= ahead:
            yield waiting.popleft().get()
    while waiting:
        yield waiting.popleft().get()


def spans(end: int | None = None, first: int = 0):
    while end is None or first < end:
        last = first + CHUNK if end is None else min(first + CHUNK, end)
        yield first, last
        first = last


def train_tokenizer(jobs: int, count: int) -> bpe.Tokenizer:
    begin = time.time()
    with multiprocessing.Pool(jobs) as pool:
        texts = [t for chunk in in_order(pool, make_texts, spans(count), 2 * jobs) for t in chunk]
    made = time.time()
    tokenizer = bpe.Tokenizer(*bpe.train(texts, VOCABULARY))
    print(f"tokenizer: {len(tokenizer.tokens)} tokens from {count} documents; texts {made - begin:.1f} s, "
          f"merges {time.time() - made:.1f} s", flush=True)
    return tokenizer


def write_tokens(tokenizer: bpe.Tokenizer, jobs: int, wanted: int, docs_wanted: int | None, out, first: int = 0):
    """Streams chunks to `out` until there are enough tokens; returns what was counted, and the hashes."""
    seen: set[int] = set()
    tokens, docs, too_long = Counter(), Counter(), Counter()
    total = repeats = 0
    begin = said = time.time()
    with multiprocessing.Pool(jobs, start_worker, (tokenizer,)) as pool:
        for data, hashes, t, d, long in in_order(pool, make_chunk, spans(docs_wanted, first), 3 * jobs):
            if out:
                out.write(data)
            total += len(data) // 2
            for h in hashes:
                if h in seen:
                    repeats += 1
                else:
                    seen.add(h)
            tokens += t
            docs += d
            too_long += long
            if time.time() - said > 2 or total >= wanted:
                said = time.time()
                n, s = sum(docs.values()), said - begin
                print(f"\r{total / 1e6:7.2f} M tokens  {n} documents  {s:.0f} s  {total / s / 1e3:.0f} k tokens/s "
                      f"{n / s:.0f} documents/s", end="", file=sys.stderr, flush=True)
            if total >= wanted:
                break
        pool.terminate()
    print(file=sys.stderr)
    seconds, n = time.time() - begin, sum(docs.values())
    return dict(
        tokens=total, documents=n, tokens_per_document=round(total / n, 1), seconds=round(seconds, 1),
        tokens_per_second=round(total / seconds), documents_per_second=round(n / seconds),
        repeats=repeats, repeat_share=round(repeats / n, 4), too_long=dict(too_long),
        domains={k: dict(documents=docs[k], tokens=tokens[k], share=round(tokens[k] / total, 4)) for k in DOMAINS},
    ), seen


def validation(tokenizer: bpe.Tokenizer, seen: set[int]) -> dict[str, list[str]]:
    """Texts of another seed that do not occur in training."""
    result = {}
    for domain in DOMAINS:
        texts: dict[str, None] = {}
        for i in range(TRIES):
            text = document(VALID_SEED, i, domain)[1]
            if text_hash(text) not in seen and len(tokenizer.encode(text)) <= LONGEST:
                texts[text] = None
                if len(texts) == VALID_TEXTS:
                    break
        result[domain] = list(texts)
        if len(texts) < VALID_TEXTS:
            print(f"valid: only {len(texts)} texts of {domain}")
    return result


def tokenised(tokenizer: bpe.Tokenizer) -> list[dict]:
    """Two documents of each domain with their tokens, for the tests of other tokenizers."""
    texts = ["<|endoftext|>" + document(VALID_SEED, TRIES + i, domain)[1] for domain in DOMAINS for i in range(2)]
    return [dict(text=text, tokens=tokenizer.encode(text)) for text in texts]


def bare_sum(item) -> bool:
    """Whether an item asks for nothing but the sum or the difference of two numbers."""
    m = SUM.search(item.ask)
    if not m or item.number is None or len(re.findall(r"\d+", item.ask)) != 2 or len(item.ask.split()) > 8:
        return False
    a, b = int(m[1]), int(m[3])
    return int(item.number) == (a + b if m[2] in ("+", "plus") else a - b)


def asked(seed: int, i: int, domain: str):
    """Held-out prompt i of a domain; an error if the domain looks for one for too long."""

    def give_up(*_):
        raise RuntimeError(f"{domain}: no held-out question {i} in {PATIENCE} seconds")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        return prompt(seed, i, domain)
    finally:
        signal.alarm(0)


def collect(seed: int, kind: str, domain: str, count: int, wanted=lambda item: True, first: int = 0) -> list[dict]:
    """Different prompts of a domain."""
    found: dict[str, dict] = {}
    for i in range(first, first + TRIES):
        if len(found) == count:
            break
        text, item = asked(seed, i, domain)
        if wanted(item):
            found.setdefault(text, dict(kind=kind, domain=domain, prompt=text, mentions=list(item.mentions),
                                        number=item.number, language=item.language))
    if len(found) < count:
        print(f"prompts: only {len(found)} of {count} of kind {kind} in {domain}")
    return list(found.values())


def prompts(seed: int) -> list[dict]:
    named = []
    for domain in DOMAINS:
        try:
            if any(asked(seed, i, domain)[1].mentions for i in range(20)):
                named.append(domain)
        except RuntimeError as e:
            print(f"prompts: {e}; left out", flush=True)
    result = []
    for k, domain in enumerate(named):
        count = 200 * (k + 1) // len(named) - 200 * k // len(named)
        result += collect(seed, "asked", domain, count, lambda item: bool(item.mentions))
    result += collect(seed, "sum", "arithmetic", 200, bare_sum, TRIES)
    for language in ("python", "typescript"):
        result += collect(seed, "language", "code", 50, lambda item, name=language: item.language == name, TRIES)
    result += collect(seed, "story", "stories", 60, first=TRIES)
    result += collect(seed, "sluice", "sluice", 30, first=TRIES)
    return result


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--work", type=Path)
    ap.add_argument("--tokens", type=float, default=60e6)
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--first", type=int, default=0, help="the first document's number, for a second part of a training")
    ap.add_argument("--tokenizer", type=Path, help="use this one, as a second part of a training has to")
    ap.add_argument("--count", type=int, help="make so many documents, write nothing, say how fast")
    ap.add_argument("--prompts", type=int, metavar="SEED", help="print other evaluation prompts, write nothing")
    a = ap.parse_args()
    if a.count:
        counted, _ = write_tokens(train_tokenizer(a.jobs, min(a.count, 5000)), a.jobs, 1 << 62, a.count, None)
        print(json.dumps(counted, indent=1))
        return
    if a.prompts is not None:
        print(json.dumps(prompts(a.prompts), indent=1))
        return
    if not a.work:
        ap.error("--work, --count or --prompts is needed")
    a.work.mkdir(parents=True, exist_ok=True)
    questions = prompts(PROMPT_SEED)
    tokenizer = bpe.Tokenizer.load(a.tokenizer) if a.tokenizer else train_tokenizer(a.jobs, TOKENIZER_DOCS)
    tokenizer.save(a.work / "tokenizer.json")
    part = a.work / "train.bin.part"
    with open(part, "wb") as out:
        counted, seen = write_tokens(tokenizer, a.jobs, int(a.tokens), None, out, a.first)
    os.replace(part, a.work / "train.bin")
    texts = validation(tokenizer, seen)
    documents = tokenised(tokenizer)
    for name, value in (("valid", texts), ("prompts", questions), ("prepare", counted), ("documents", documents)):
        (a.work / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")
    print(json.dumps(counted, indent=1))
    print(f"valid.json: {sum(map(len, texts.values()))} texts; prompts.json: "
          f"{dict(Counter(p['kind'] for p in questions))}")


if __name__ == "__main__":
    main()
