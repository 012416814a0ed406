"""Synthetic documents for a tiny language model: eleven domains, as chats and as plain text.

    python3 -m corpus --seed 1 --docs 20 --domain stories

Document i of a seed depends on nothing but the two numbers.
"""
import random

from . import animals, arithmetic, code, dialogue, recipes, sluice, stories, talk, travel, verse, weather
from .templates import Item

IM_START, IM_END, EOT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"

# What makes an item, and its share of the documents.
DOMAINS = {
    "stories": (stories.make, 24),
    "recipes": (recipes.make, 8),
    "weather": (weather.make, 6),
    "travel": (travel.make, 6),
    "arithmetic": (arithmetic.make, 45),
    "animals": (animals.make, 10),
    "dialogue": (dialogue.make, 5),
    "code": (code.make, 11),
    "verse": (verse.make, 4),
    "talk": (talk.make, 9),
    "sluice": (sluice.make, 9),
}
CHAT_SHARE = 0.72
SYSTEM_SHARE = 0.15
SECOND_SHARE = 0.14
# What people ask next, whatever they asked first: short things.
NEXT = ("talk", "arithmetic", "animals", "sluice", "weather")
SYSTEMS = (
    "You are a helpful assistant.",
    "You are a helpful assistant.",
    "You are a helpful and friendly assistant.",
    "You are Sluice Tiny, a very small language model.",
    "You are Sluice Tiny, a small and friendly assistant.",
    "You are Sluice Tiny. Answer in plain English.",
    "You are a friendly assistant. Use simple words.",
    "Answer the question in plain English.",
    "Be kind and clear.",
    "Help the user with stories, recipes, sums, code and questions.",
)
_NAMES = list(DOMAINS)
_CUM = [sum(w for _, w in list(DOMAINS.values())[: k + 1]) for k in range(len(DOMAINS))]


def turn(role: str, text: str) -> str:
    """One turn of a chat (ChatML)."""
    return f"{IM_START}{role}\n{text}{IM_END}\n"


def _typed(r: random.Random, ask: str) -> str:
    """The question as people type it: now and then without its capital or its last stop."""
    k = r.random()
    if k < 0.07:
        ask = ask[0].lower() + ask[1:]
    if k < 0.03 or k > 0.97:
        ask = ask.rstrip(".?!") or ask
    return ask


def document(seed: int, i: int, domain: str | None = None, chat: bool | None = None) -> tuple[str, str]:
    """Document i of stream `seed`: its domain and its text."""
    r = random.Random((seed << 40) + i)
    if domain is None:
        domain = r.choices(_NAMES, cum_weights=_CUM)[0]
    make = DOMAINS[domain][0]
    item = make(r)
    if chat is None:
        chat = r.random() < CHAT_SHARE
    if not chat and item.plain is not None:
        return domain, item.plain.rstrip() + "\n"
    text = turn("system", r.choice(SYSTEMS)) if r.random() < SYSTEM_SHARE else ""
    text += turn("user", _typed(r, item.ask)) + turn("assistant", item.answer)
    if r.random() < SECOND_SHARE:
        if domain == "stories" or r.random() < 0.6:
            make = DOMAINS[r.choice(NEXT)][0]
        item = make(r)
        text += turn("user", _typed(r, item.ask)) + turn("assistant", item.answer)
    return domain, text


def prompt(seed: int, i: int, domain: str) -> tuple[str, Item]:
    """A held-out question for evaluation, up to where the answer begins, and what belongs to it."""
    r = random.Random(f"prompt/{seed}/{i}/{domain}")
    item = DOMAINS[domain][0](r, held=True)
    return turn("user", item.ask) + f"{IM_START}assistant\n", item
