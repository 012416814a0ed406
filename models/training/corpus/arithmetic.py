"""Sums with and without worked steps, word problems, and small questions about numbers, time and money.

Plus and minus are held out by operands (sorted for plus), times never. A sum that is held out is not the
sum of any training item, in no wording. The sums of single digits inside a worked column are facts, which
`held=True` does not ask for.
"""

from .templates import Item, draw, fill, held_out
from .words import BOYS, GIRLS


def is_held(x, op, y):
    """Whether a sum is kept for evaluation."""
    if op == "+":
        return held_out(min(x, y), op, max(x, y))
    return op == "-" and held_out(x, op, y)


def _ok(x, op, y):
    return not is_held(x, op, y)


def _value(x, op, y):
    return x + y if op == "+" else x - y if op == "-" else x * y


def _fact(x, op, y):
    """Sums that occur as steps of other sums."""
    return (x < 10 and y < 10) or (op == "-" and x < 20 and y < 10)


def _operands(r, op):
    if op == "*":
        return r.randint(0, 10), r.randint(0, 10)
    k = r.random()
    if k < 0.2:
        x, y = r.randint(0, 9), r.randint(0, 9)
        if op == "-" and r.random() < 0.5:
            x += 10
    elif k < 0.38:
        x, y = r.randint(10, 99), r.randint(0, 9)
    elif k < 0.55:
        x, y = r.randint(0, 30), r.randint(0, 30)
    else:
        x, y = r.randint(0, 99), r.randint(0, 99)
        if r.random() < 0.3:  # more carries and borrows
            while (x % 10 + y % 10 < 10) if op == "+" else (max(x, y) % 10 >= min(x, y) % 10):
                x, y = r.randint(10, 99), r.randint(10, 99)
    return (min(x, y), max(x, y)) if op == "+" else (max(x, y), min(x, y))


def _sum(r, held, ops="+++---**"):
    """A sum as (x, op, y), with the operands of plus in either order."""
    if held:
        ops = "+-"

    def make(r):
        while True:
            op = r.choice(ops)
            x, y = _operands(r, op)
            if not (held and _fact(x, op, y)):
                return x, op, y

    while True:
        x, op, y = draw(r, held, make) if held else make(r)
        if held is not False or _ok(x, op, y):
            break
    if op != "-" and r.random() < 0.5:
        x, y = y, x
    return x, op, y


WORD = {"+": "plus", "-": "minus", "*": "times"}
ASK_WORD = (
    "What is {s}?",
    "How much is {s}?",
    "Can you tell me what {s} is?",
    "What is {s}?",
    "What does {s} make?",
    "Tell me what {s} is.",
    "{s}?",
    "Please work out {s}.",
    "What do you get for {s}?",
)
ASK_SIGN = (
    "{s} = ?",
    "Calculate {s}.",
    "What is {s}?",
    "{s} =",
    "Work out {s}.",
    "How much is {s}?",
    "Solve {s}.",
    "Please calculate {s}.",
    "What is the result of {s}?",
)
ASK_OTHER = {
    "+": (
        "How much is {x} and {y}?",
        "Add {x} and {y}.",
        "What is the sum of {x} and {y}?",
        "What do {x} and {y} make together?",
    ),
    "-": (
        "Take {y} away from {x}.",
        "Subtract {y} from {x}.",
        "What is {x} take away {y}?",
        "What is left when you take {y} from {x}?",
    ),
    "*": ("Multiply {x} by {y}.", "What is {x} multiplied by {y}?", "What is the product of {x} and {y}?"),
}
STEPS = (
    "{s}, step by step.",
    "What is {s}? Show your work.",
    "Work out {s} step by step.",
    "Explain how to work out {s}.",
    "Show me the steps for {s}.",
    "Explain what {s} is.",
    "Solve {s} and show your work.",
    "How do you work out {s}? Explain it step by step.",
    "Calculate {s} step by step.",
)
MANY = (
    "Work out these sums: {s}.",
    "Calculate {s}.",
    "Please solve these sums: {s}.",
    "What are the answers to {s}?",
    "Here are some sums: {s}. What are the answers?",
    "Solve these: {s}.",
    "Can you work out {s}?",
    "My homework is {s}.",
    "Help me with these sums: {s}.",
    "How much is each of these: {s}?",
)


def bare(r, held):
    x, op, y = _sum(r, held)
    z = _value(x, op, y)
    k = r.random()
    if held is not True and k > 0.8:
        ask = r.choice(ASK_OTHER[op]).format(x=x, y=y)
        k = 0
    elif k < 0.45:
        ask = r.choice(ASK_WORD).format(s=f"{x} {WORD[op]} {y}")
        k = 0
    else:
        ask = r.choice(ASK_SIGN).format(s=f"{x} {op} {y}")
    answer = f"{x} {op} {y} = {z}." if k else f"{x} {WORD[op]} {y} is {z}."
    return Item(ask, answer, answer, (str(x), str(y)), str(z))


def steps_of(x, op, y):
    """The worked steps of a sum, which end in its result."""
    z = _value(x, op, y)
    if op == "*":
        if not x or not y:
            return f"Anything times 0 is 0. The answer is {z}."
        row = ", ".join(str(i * y) for i in range(1, x + 1))
        return f"Count {x} {'time' if x == 1 else 'times'} in steps of {y}: {row}. The answer is {z}."
    a, b, c, d = x // 10, x % 10, y // 10, y % 10
    if x < 10 and y < 10 or op == "-" and x < 20 and y < 10:
        if y == 0:
            return f"{'Adding' if op == '+' else 'Taking away'} 0 changes nothing. The answer is {z}."
        if op == "+":
            row = ", ".join(str(x + i) for i in range(1, y + 1))
            return f"Start at {x} and count on {y}: {row}. The answer is {z}."
        row = ", ".join(str(x - i) for i in range(1, y + 1))
        return f"Start at {x} and count back {y}: {row}. The answer is {z}."
    if op == "+":
        u = b + d
        if u > 9:
            return (
                f"Ones: {b} plus {d} is {u}, so write {u - 10} and carry 1. Tens: {a} plus {c} plus "
                f"1 is {a + c + 1}. "
                f"The answer is {z}."
            )
        return f"Ones: {b} plus {d} is {u}, so write {u}. Tens: {a} plus {c} is {a + c}. The answer is {z}."
    if b < d:
        return (
            f"Ones: {b} is less than {d}, so borrow 1. {b + 10} minus {d} is {b + 10 - d}, so write "
            f"{b + 10 - d}. "
            f"Tens: {a} minus 1 is {a - 1}, and {a - 1} minus {c} is {a - 1 - c}. The answer is {z}."
        )
    return (
        f"Ones: {b} minus {d} is {b - d}, so write {b - d}. "
        f"Tens: {a} minus {c} is {a - c}. The answer is {z}."
    )


def worked(r, held):
    x, op, y = _sum(r, held, "++++----*")
    sign = r.random() < 0.4
    s = f"{x} {op if sign else WORD[op]} {y}"
    answer = f"Let us work out {s}. " + steps_of(x, op, y)
    return Item(r.choice(STEPS).format(s=s), answer, answer, (str(x), str(y)), str(_value(x, op, y)))


def several(r, held):
    sums = []
    ops = r.choice(("+++---**", "+++---**", "+", "-", "*", "+-"))
    for _ in range(r.choice((3, 3, 4, 4, 5, 6))):
        s = _sum(r, held, ops)
        if s not in sums:
            sums.append(s)
    if r.random() < 0.7:
        asked = [f"{x} {op} {y}" for x, op, y in sums]
        answer = "\n".join(f"{x} {op} {y} = {_value(x, op, y)}." for x, op, y in sums)
    else:
        asked = [f"{x} {WORD[op]} {y}" for x, op, y in sums]
        answer = "\n".join(f"{x} {WORD[op]} {y} is {_value(x, op, y)}." for x, op, y in sums)
    if len(asked) == 1:
        return Item(f"What is {asked[0]}?", answer, None, (), str(_value(*sums[0])))
    s = ", ".join(asked) if r.random() < 0.5 else ", ".join(asked[:-1]) + " and " + asked[-1]
    return Item(r.choice(MANY).format(s=s), answer, answer, tuple(asked))


# --------------------------------------------------------------------------
# Word problems
# --------------------------------------------------------------------------
THINGS = """apples marbles stickers pencils cookies coins stamps shells buttons books eggs cards balloons
flowers stones plums nuts candles pears cherries carrots beads acorns feathers ribbons crayons
badges bricks pebbles lemons toys tickets kites keys spoons cups muffins buns""".split()
EATEN = set("apples cookies eggs plums nuts pears cherries carrots muffins buns".split())
BOXES = "boxes bags jars baskets shelves bowls trays drawers".split()

GET = (
    "{N} has {x} {t}. [{F} gives {N} {y} more|{he} finds {y} more|{he} buys {y} more|{he} gets {y} "
    "more from {F}"
    "|Then {he} gets {y} more {t}]. How many {t} does {N} have [now|in all|altogether]?",
    "[{N} had {x} {t} and got {y} more|At first {N} has {x} {t}, then {F} brings {y} more]. "
    "[How many {t} does {N} have now?|How many {t} is that in all for {N}?]",
)
TOGETHER = (
    "{N} has {x} {t} and {F} has {y} {t}. How many {t} do {N} and {F} have [together|in all|altogether]?",
    "{N} [finds|buys|counts] {x} {t}. {F} [finds|buys|counts] {y} {t}. How many {t} do {N} and {F} "
    "have together?",
)
LOSE = (
    "{N} has {x} {t}. [{he} gives {y} to {F}|{he} loses {y} of them|{he} sells {y} of them|{he} "
    "gives {F} {y} of them"
    "{eat}]. How many {t} [are left|does {N} have left|does {N} still have]?",
    "{N} had {x} {t}, but [{he} lost {y} of them|{he} gave {y} of them to {F}|{F} took {y} of them]. "
    "How many {t} does {N} have left?",
)
MORE = (
    "{N} has {x} {t}. {F} has {y} {t}. How many more {t} does {N} have than {F}?",
    "{N} has {x} {t} and {F} has only {y} {t}. How many more {t} does {N} have?",
)
NEED = (
    "{N} needs {x} {t}. {he} already has {y}. How many more {t} does {N} need?",
    "{N} wants to have {x} {t}, and {he} has {y} now. How many more {t} does {N} need?",
)
GROUP = (
    "{N} has {x} {b}. There are {y} {t} in each of them. How many {t} does {N} have [in all|altogether]?",
    "{N} puts {y} {t} in each of {x} {b}. How many {t} does {N} have in the {b}?",
    "{N} fills {x} {b} with {y} {t} each. How many {t} does {N} have [in all|altogether]?",
)
SHARE = (
    "{N} shares {z} {t} equally among {x} friends. How many {t} does each friend get?",
    "{N} has {z} {t} and {x} friends. {he} gives every friend the same number of {t} until none are left. "
    "How many {t} does each friend get?",
)
TWO = (
    "{N} has {x} {t}. {he} [buys|finds|gets] {y} more and then [gives {w} to {F}|loses {w} of them]. "
    "How many {t} does {N} have left?",
)


def problem(r, held):
    girl = r.random() < 0.5
    name = r.choice(GIRLS if girl else BOYS)
    other = r.choice(GIRLS if r.random() < 0.5 else BOYS)
    while other == name:
        other = r.choice(GIRLS)
    t = r.choice(THINGS)
    he = "she" if girl else "he"
    v = dict(
        N=name, F=other, he=he, t=t, b=r.choice(BOXES), eat=f"|{he} eats {{y}} of them" if t in EATEN else ""
    )
    kind = r.randrange(11)
    top = r.choice((12, 20, 20, 60, 90))
    while True:
        x, y = r.randint(2, top), r.randint(2, top)
        if kind in (0, 1, 2):
            z = x + y
            if _ok(x, "+", y):
                break
        elif kind < 8:
            x, y = max(x, y), min(x, y)
            z = x - y
            if z > 1 and _ok(x, "-", y):
                break
        elif kind < 10:
            x, y = r.randint(2, 10), r.randint(2, 10)
            z = x * y
            break
        else:
            w = r.randint(2, 12)
            z = x + y - w
            if z > 1 and x + y < 100 and _ok(x, "+", y) and _ok(x + y, "-", w):
                v["w"] = w
                break
    v.update(x=x, y=y, z=z)
    if kind < 2:
        asks, answer = GET, f"{x} + {y} = {z}. {name} has {z} {t} now."
    elif kind == 2:
        asks, answer = TOGETHER, f"{x} + {y} = {z}. {name} and {other} have {z} {t} together."
    elif kind < 5:
        asks, answer = LOSE, f"{x} - {y} = {z}. {name} has {z} {t} left."
    elif kind == 5 or kind == 6:
        asks, answer = MORE, f"{x} - {y} = {z}. {name} has {z} more {t} than {other}."
    elif kind == 7:
        asks, answer = NEED, f"{x} - {y} = {z}. {name} needs {z} more {t}."
    elif kind == 8:
        asks, answer = GROUP, f"{x} * {y} = {z}. {name} has {z} {t} in all."
    elif kind == 9:
        asks, answer = SHARE, f"{z} / {x} = {y}. {name} gives each friend {y} {t}."
        z = y
    else:
        asks, answer = TWO, f"{x} + {y} = {x + y}. {x + y} - {w} = {z}. {name} has {z} {t} left."
    ask = r.choice(asks).replace("{eat}", v["eat"])
    return Item(fill(r, ask, v), answer, None, (name, t), str(z))


# --------------------------------------------------------------------------
# Numbers, time and money
# --------------------------------------------------------------------------
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen""".split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(n):
    if n < 20:
        return UNITS[n]
    return TENS[n // 10] + ("-" + UNITS[n % 10] if n % 10 else "")


def compare(r):
    x, y = r.randint(0, 99), r.randint(0, 99)
    while x == y:
        y = r.randint(0, 99)
    big = r.random() < 0.6
    w = r.choice(("larger", "bigger", "greater") if big else ("smaller", "less"))
    z = max(x, y) if big else min(x, y)
    if w == "less":
        w = "smaller"
    ask = fill(
        r,
        "[which number is {w}, {x} or {y}?|which is {w}: {x} or {y}?|what is the {w} number, {x} or {y}?"
        "|here are two numbers: {x} and {y}. Which one is {w}?]",
        dict(w=w, x=x, y=y),
    )
    return ask, f"Of {x} and {y}, the {w} number is {z}.", z, (w,)


def order(r):
    xs = r.sample(range(100), r.choice((3, 4, 5)))
    big = r.random() < 0.4
    s = ", ".join(map(str, xs[:-1])) + " and " + str(xs[-1])
    way = "from large to small" if big else "from small to large"
    ask = r.choice((
        "Put these numbers in order {w}: {s}.",
        "Sort the numbers {s} {w}.",
        "Sort {s} {w}.",
    )).format(s=s, w=way)
    return ask, f"In order {way}: " + ", ".join(map(str, sorted(xs, reverse=big))) + ".", None, ()


def double(r):
    while True:
        x = r.randint(1, 50)
        if _ok(x, "+", x):
            break
    if r.random() < 0.5:
        ask = r.choice((
            "What is double {x}?",
            "Double the number {x}.",
            "What is twice {x}?",
            "What do you get when you double {x}?",
        ))
        return ask.format(x=x), f"Double {x} is {x * 2}.", x * 2, (str(x),)
    ask = r.choice((
        "What is half of {x}?",
        "Halve {x}.",
        "How much is half of {x}?",
        "What do you get when you halve {x}?",
    ))
    return ask.format(x=x * 2), f"Half of {x * 2} is {x}.", x, (str(x * 2),)


def count_on(r):
    while True:
        x, n = r.randint(0, 90), r.randint(2, 6)
        if r.random() < 0.6:
            if _ok(x, "+", n):
                row = ", ".join(str(x + i) for i in range(1, n + 1))
                return (
                    r.choice((
                        "Count on {n} from {x}.",
                        "Start at {x} and count on {n}.",
                        "Count up {n} from {x}.",
                    )).format(x=x, n=n),
                    f"Counting on {n} from {x}: {row}. You get to {x + n}.",
                    x + n,
                    (),
                )
        elif x >= n and _ok(x, "-", n):
            row = ", ".join(str(x - i) for i in range(1, n + 1))
            return (
                r.choice((
                    "Count back {n} from {x}.",
                    "Start at {x} and count back {n}.",
                    "Count down {n} from {x}.",
                )).format(x=x, n=n),
                f"Counting back {n} from {x}: {row}. You get to {x - n}.",
                x - n,
                (),
            )


def row(r):
    while True:
        d, n = r.choice((1, 2, 2, 3, 4, 5, 5, 10, 10, 6)), r.choice((3, 4, 4, 5))
        x = r.choice((0, d, d, r.randint(0, 30)))
        up = r.random() < 0.7
        xs = [x + i * d for i in range(n + 1)]
        if not up:
            xs.reverse()
        if max(xs) < 100 and _ok(xs[-2], "+" if up else "-", d):
            break
    s = ", ".join(map(str, xs[:-1]))
    ask = r.choice((
        "What comes next: {s}?",
        "Which number comes next in this row: {s}?",
        "What is the next number: {s}?",
        "Go on with this row: {s}.",
    ))
    return (
        ask.format(s=s),
        f"The row {s} goes {'up' if up else 'down'} by {d}. The next number is {xs[-1]}.",
        xs[-1],
        (),
    )


def even(r):
    x = r.randint(0, 99)
    w = "odd" if x % 2 else "even"
    ask = r.choice((
        "Is {x} even or odd?",
        "Is {x} an odd or an even number?",
        "Is the number {x} even or odd?",
        "Even or odd: {x}?",
    ))
    return ask.format(x=x), f"{x} is {w}, because it ends in {x % 10}.", None, (str(x), w)


def neighbour(r):
    x = r.randint(1, 98)
    k = r.randrange(4)
    if k == 0:
        return (
            r.choice((
                "Which number comes after {x}?",
                "What number is right after {x}?",
                "What comes after {x}?",
            )).format(x=x),
            f"The number after {x} is {x + 1}.",
            x + 1,
            (str(x),),
        )
    if k == 1:
        return (
            r.choice((
                "Which number comes before {x}?",
                "What number is right before {x}?",
                "What comes before {x}?",
            )).format(x=x),
            f"The number before {x} is {x - 1}.",
            x - 1,
            (str(x),),
        )
    if k == 2:
        return (
            f"Which number is between {x - 1} and {x + 1}?",
            f"The number between {x - 1} and {x + 1} is {x}.",
            x,
            (str(x - 1), str(x + 1)),
        )
    if x % 10 == 5:
        x += 1
    z = (x + 5) // 10 * 10
    return (
        r.choice(("Round {x} to the nearest ten.", "What is the nearest ten to {x}?")).format(x=x),
        f"The nearest ten to {x} is {z}.",
        z,
        (str(x),),
    )


def time(r):
    k = r.randrange(6)
    if k == 0:
        n = r.randint(2, 10)
        return (
            fill(r, "[how many days are in {n} weeks?|how many days do {n} weeks have?]", dict(n=n)),
            f"There are 7 days in a week. {n} * 7 = {n * 7}. So {in_words(n)} weeks have {n * 7} days.",
            n * 7,
            ("weeks", "days"),
        )
    if k == 1:
        n = r.randint(2, 5)
        u, v, m = r.choice((
            ("hours", "minutes", 60),
            ("minutes", "seconds", 60),
            ("days", "hours", 24),
            ("years", "months", 12),
        ))
        one = "an hour" if u == "hours" else "a " + u[:-1]
        return (
            fill(
                r,
                "[how many {v} are in {n} {u}?|how many {v} are there in {n} {u}?|how many {v} do "
                "{n} {u} have?]",
                dict(n=n, u=u, v=v),
            ),
            f"There are {m} {v} in {one}. So {n} {u} have {n * m} {v}.",
            n * m,
            (u, v),
        )
    if k == 2:
        d, n = r.randrange(7), r.randint(1, 6)
        day, z = DAYS[d], DAYS[(d + n) % 7]
        if n == 1:
            return (
                r.choice((f"What day comes after {day}?", f"Today is {day}. What day is tomorrow?")),
                f"The day after {day} is {z}.",
                None,
                (day,),
            )
        steps = ", ".join(DAYS[(d + i) % 7] for i in range(1, n + 1))
        return (
            r.choice((f"What day is {n} days after {day}?", f"Today is {day}. What day is it in {n} days?")),
            f"Count on from {day}: {steps}. The day {n} days after {day} is {z}.",
            None,
            (day,),
        )
    if k == 3:
        while True:
            x, n = r.randint(1, 12), r.randint(1, 8)
            if _ok(x, "+", n):
                break
        z = (x + n - 1) % 12 + 1
        h = "1 hour" if n == 1 else f"{n} hours"
        return (
            r.choice((
                f"It is {x} o'clock. What time is it in {h}?",
                f"What time is it {h} after {x} o'clock?",
            )),
            f"Start at {x} o'clock and go on for {h}. Then it is {z} o'clock.",
            z,
            (f"{x} o'clock",),
        )
    if k == 4:
        d = r.randrange(7)
        return (
            r.choice((f"What day comes before {DAYS[d]}?", f"Today is {DAYS[d]}. What day was yesterday?")),
            f"The day before {DAYS[d]} is {DAYS[d - 1]}.",
            None,
            (DAYS[d],),
        )
    while True:
        x, n = r.randint(1, 8), r.randint(1, 8)
        if x + n < 13 and _ok(x, "+", n) and _ok(x + n, "-", x):
            break
    h = "1 hour" if n == 1 else f"{n} hours"
    what = r.choice("party film lesson picnic concert meeting class game".split())
    return (
        f"A {what} starts at {x} o'clock and ends at {x + n} o'clock. How long is the {what}?",
        f"{x + n} - {x} = {n}. The {what} takes {h}.",
        n,
        (what,),
    )


def money(r):
    k = r.randrange(3)
    t = r.choice("pencil bun card stamp apple badge candle ribbon book cup ball kite".split())
    while True:
        x, y = r.randint(2, 90), r.choice((10, 20, 50, 60, 80, 90, 99))
        if k == 0 and x < y and _ok(y, "-", x):
            return (
                fill(
                    r,
                    "[a {t} costs {x} pence. You pay with {y} pence. How much change do you get?"
                    "|you buy a {t} for {x} pence and pay {y} pence. How much change do you get back?]",
                    dict(t=t, x=x, y=y),
                ),
                f"{y} - {x} = {y - x}. The change for the {t} is {y - x} pence.",
                y - x,
                (t, "change"),
            )
        if k == 1:
            n, x = r.randint(2, 10), r.randint(1, 10)
            c = "1 penny" if x == 1 else f"{x} pence"
            return (
                fill(
                    r,
                    "[one {t} costs {c}. How much do {n} of them cost?|a {t} is {c}. What is the "
                    "price of {n} of them?]",
                    dict(t=t, c=c, n=n),
                ),
                f"{n} * {x} = {n * x}. If one {t} costs {c}, the price is {n * x} pence.",
                n * x,
                (t,),
            )
        if k == 2:
            x, y = r.randint(2, 60), r.randint(2, 60)
            t2 = r.choice("pear rope cake plum pen bell whistle map".split())
            if _ok(x, "+", y):
                return (
                    fill(
                        r,
                        "[a {t} costs {x} pence and a {u} costs {y} pence. How much do they cost together?"
                        "|you buy a {t} for {x} pence and a {u} for {y} pence. How much do you pay?]",
                        dict(t=t, u=t2, x=x, y=y),
                    ),
                    f"{x} + {y} = {x + y}. The {t} and the {t2} cost {x + y} pence.",
                    x + y,
                    (t, t2),
                )


def missing(r):
    while True:
        x, y = r.randint(0, 30), r.randint(0, 30)
        if _ok(x, "+", y) and _ok(x + y, "-", x):
            break
    ask = r.choice((
        "What is missing: {x} + ? = {z}?",
        "Which number is missing in {x} + ? = {z}?",
        "What do I have to add to {x} to get {z}?",
        "How many do I add to {x} to make {z}?",
    ))
    return ask.format(x=x, z=x + y), f"{x + y} - {x} = {y}. So the missing number is {y}.", y, ()


def words(r):
    x = r.randint(0, 99)
    w = in_words(x)
    k = r.randrange(3)
    if k == 0:
        return (
            r.choice((
                "Write {x} in words.",
                "How do you write {x} in words?",
                "Write the number {x} as a word.",
            )).format(x=x),
            f"The number {x} in words is {w}.",
            None,
            (str(x),),
        )
    if k == 1:
        return (
            r.choice((
                "Write {w} as a number.",
                "How do you write {w} in digits?",
                "Which number is {w}?",
            )).format(w=w),
            f"The number {w} is {x}.",
            x,
            (w,),
        )
    a, b = x // 10, x % 10
    return (
        r.choice(("How many tens and ones are in {x}?", "Split {x} into tens and ones.")).format(x=x),
        f"{x} has {a} {'ten' if a == 1 else 'tens'} and {b} {'one' if b == 1 else 'ones'}.",
        None,
        (str(x),),
    )


def table(r):
    n = r.randint(1, 10)
    ask = r.choice((
        "Say the {n} times table.",
        "What is the {n} times table?",
        "Write down the {n} times table.",
    ))
    return ask.format(n=n), "\n".join(f"{i} times {n} is {i * n}." for i in range(1, 11)), None, ()


MISC = (
    compare,
    compare,
    order,
    order,
    double,
    double,
    count_on,
    row,
    row,
    even,
    neighbour,
    time,
    time,
    money,
    money,
    missing,
    words,
    table,
)


def make(r, held=False) -> Item:
    """One item; `held` True gives a bare sum that training never sees."""
    if held:
        return bare(r, True)
    k = r.random()
    if k < 0.22:
        return bare(r, held)
    if k < 0.36:
        return worked(r, held)
    if k < 0.61:
        return several(r, held)
    if k < 0.85:
        return problem(r, held)
    ask, answer, number, mentions = r.choice(MISC)(r)
    return Item(
        ask, answer, answer if "\n" in answer else None, mentions, None if number is None else str(number)
    )
