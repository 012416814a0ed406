"""The template engine of the corpus, and what every domain returns.

A template is an ordinary string. `[a|b|c]` picks one alternative (nesting is allowed) and `{name}`
inserts a variable. Articles (a/an) and sentence capitals are mended afterwards.
"""
import re
import zlib
from typing import NamedTuple

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_AN = re.compile(r"\b([Aa]) (?=[aeiou]|honest|hour)(?!use|uni|one\b|euro)", re.IGNORECASE)
_CAP = re.compile(r'((?:^|[.!?] |\n)"?|(?<= )")([a-z])')


def fill(r, template, v=None, capitals=True):
    """Expand choices, insert variables, repair articles and capitals."""
    text = template
    while "[" in text:
        text = _CHOICE.sub(lambda m: r.choice(m.group(1).split("|")), text)
    if v:
        text = text.format_map(v)
    text = _AN.sub(r"\1n ", text)
    return _CAP.sub(lambda m: m.group(1) + m.group(2).upper(), text) if capitals else text


def article(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def join_and(items):
    items = list(items)
    if len(items) == 1:
        return items[0]
    if len(items) == 2:
        return items[0] + " and " + items[1]
    return ", ".join(items[:-1]) + " and " + items[-1]


def split_beat(r, beat):
    """One of the alternatives of a beat, which are parted by bars outside of brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(beat):
        depth += (c == "[") - (c == "]")
        if c == "|" and depth == 0:
            parts.append(beat[start:i])
            start = i + 1
    parts.append(beat[start:])
    return r.choice(parts)


class Item(NamedTuple):
    """A question, its answer, and what a right answer has to have."""

    ask: str
    answer: str
    plain: str | None = None
    """The answer as a text by itself, without a question; None where that makes no sense."""
    mentions: tuple[str, ...] = ()
    """Words a right answer contains, as they stand in the question (any capitals)."""
    number: str | None = None
    """The number a right answer ends in."""
    language: str | None = None
    """"python" or "typescript": what the answer's code must be written in."""


def held_out(*parts):
    """Whether a combination is kept for evaluation: about one in forty. Training never sees those."""
    return zlib.crc32("/".join(map(str, parts)).encode()) % 40 == 0


def draw(r, held, make):
    """Calls `make(r)`, which returns a tuple, until the tuple is held out or not, as asked.

    `held` None takes whatever comes first.
    """
    while True:
        parts = make(r)
        if held is None or held_out(*parts) == held:
            return parts
