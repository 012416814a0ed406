"""Small functions in Python and TypeScript, each in both languages, with an example now and then.

A task is written once per language with the same variables (`$a`, `$l`, ...), and has a reference in Python
that gives the result of the example. (Task, function name) is held out.
"""

import json
import re

from .templates import Item, draw
from .words import BOYS, GIRLS

_VAR = re.compile(r"\$([a-z])")
TS_TYPE = {
    "int": "number",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "None": "void",
    "list[int]": "number[]",
    "list[str]": "string[]",
    "list[float]": "number[]",
    "dict[str, int]": "Record<string, number>",
}
NUMBERS = "numbers values items scores prices points sizes ages marks weights".split()
STRINGS = "words names lines labels titles items".split()
TEXTS = "text word line s name title".split()
PAIRS = (("a", "b"), ("x", "y"), ("first", "second"), ("left", "right"), ("m", "n"))
ITEMS = "x n value item".split()
COMMON = "solve run compute work helper my_function process do_it calculate task apply answer".split()
FRUIT = "apple pear plum fig cherry lemon melon grape".split()


def _n(lo, hi):
    return lambda r: (r.randint(lo, hi),)


def _two(r):
    return r.randint(1, 30), r.randint(1, 30)


def _list(r):
    return ([r.randint(1, 20) for _ in range(r.choice((3, 3, 4)))],)


def _signed(r):
    return ([r.randint(-9, 9) for _ in range(4)],)


def _word(r):
    return (r.choice("apple garden winter river cloud music pencil window silver level".split()),)


def _words(r):
    return (r.sample(FRUIT, 3),)


def _sentence(r):
    return (
        r.choice((
            "the sun is warm",
            "a red kite flies high",
            "we like warm soup",
            "the old cat sleeps",
            "rain falls on the roof",
        )),
    )


def _fact(n):
    return 1 if n < 2 else n * _fact(n - 1)


def _fib(n):
    x, y = 0, 1
    for _ in range(n):
        x, y = y, x + y
    return x


def _gcd(a, b):
    return a if b == 0 else _gcd(b, a % b)


def _counts(xs):
    return {x: xs.count(x) for x in xs}


# task, function names, parameters, result, Python body, TypeScript body, example arguments, reference
TASKS = [
    ("adds two numbers", "add sum_of_two plus", "$a:int $b:int", "int", "return $a + $b", "return $a + $b;",
     _two, lambda a, b: a + b),
    ("subtracts one number from another", "subtract minus difference", "$a:int $b:int", "int",
     "return $a - $b", "return $a - $b;", _two, lambda a, b: a - b),
    ("multiplies two numbers", "multiply product times", "$a:int $b:int", "int", "return $a * $b",
     "return $a * $b;", _two, lambda a, b: a * b),
    ("returns the larger of two numbers", "larger bigger max_of_two", "$a:int $b:int", "int",
     "if $a > $b:\n    return $a\nreturn $b", "return $a > $b ? $a : $b;", _two, max),
    ("returns the smaller of two numbers", "smaller lesser min_of_two", "$a:int $b:int", "int",
     "if $a < $b:\n    return $a\nreturn $b", "return $a < $b ? $a : $b;", _two, min),
    ("returns the distance between two numbers", "distance gap", "$a:int $b:int", "int",
     "return abs($a - $b)", "return Math.abs($a - $b);", _two, lambda a, b: abs(a - b)),
    ("sums a list of numbers", "total sum_list add_all", "$l:list[int]", "int",
     "result = 0\nfor $i in $l:\n    result += $i\nreturn result",
     "let result = 0;\nfor (const $i of $l) {\n  result += $i;\n}\nreturn result;", _list, sum),
    ("multiplies all numbers in a list", "product_of multiply_all", "$l:list[int]", "int",
     "result = 1\nfor $i in $l:\n    result *= $i\nreturn result",
     "let result = 1;\nfor (const $i of $l) {\n  result *= $i;\n}\nreturn result;",
     lambda r: ([r.randint(1, 6) for _ in range(3)],), lambda l: l[0] * l[1] * l[2]),
    ("finds the largest number in a list", "largest maximum find_max", "$l:list[int]", "int",
     "best = $l[0]\nfor $i in $l:\n    if $i > best:\n        best = $i\nreturn best",
     "let best = $l[0];\nfor (const $i of $l) {\n  if ($i > best) {\n    best = $i;\n  }\n}\nreturn best;",
     _list, max),
    ("finds the smallest number in a list", "smallest minimum find_min", "$l:list[int]", "int",
     "best = $l[0]\nfor $i in $l:\n    if $i < best:\n        best = $i\nreturn best",
     "let best = $l[0];\nfor (const $i of $l) {\n  if ($i < best) {\n    best = $i;\n  }\n}\nreturn best;",
     _list, min),
    ("computes the average of a list", "average mean", "$l:list[int]", "float",
     "if not $l:\n    return 0.0\nreturn sum($l) / len($l)",
     "if ($l.length === 0) {\n  return 0;\n}\nconst sum = $l.reduce((total, $i) => total + $i, 0);\nreturn "
     "sum / $l.length;", lambda r: ((lambda k, d: [k - d, k, k + d])(r.randint(6, 20), r.randint(1, 5)),),
     lambda l: sum(l) / len(l)),
    ("reverses a string", "reverse turn_around backwards", "$s:str", "str", "return $s[::-1]",
     'return $s.split("").reverse().join("");', _word, lambda s: s[::-1]),
    ("reverses a list", "reversed_list flip", "$l:list[int]", "list[int]", "return $l[::-1]",
     "return [...$l].reverse();", _list, lambda l: l[::-1]),
    ("checks if a number is even", "is_even even", "$n:int", "bool", "return $n % 2 == 0",
     "return $n % 2 === 0;", _n(1, 40), lambda n: n % 2 == 0),
    ("checks if a number is odd", "is_odd odd", "$n:int", "bool", "return $n % 2 == 1",
     "return $n % 2 === 1;", _n(1, 40), lambda n: n % 2 == 1),
    ("checks if a number is positive", "is_positive above_zero", "$n:int", "bool", "return $n > 0",
     "return $n > 0;", _n(-9, 9), lambda n: n > 0),
    ("checks if a number is prime", "is_prime prime", "$n:int", "bool",
     "if $n < 2:\n    return False\nfor i in range(2, $n):\n    if $n % i == 0:\n        return "
     "False\nreturn "
     "True",
     "if ($n < 2) {\n  return false;\n}\nfor (let i = 2; i < $n; i++) {\n  if ($n % i === 0) {\n    return "
     "false;\n  }\n}\nreturn true;", _n(2, 30), lambda n: n > 1 and all(n % i for i in range(2, n))),
    ("counts the even numbers in a list", "count_even evens", "$l:list[int]", "int",
     "count = 0\nfor $i in $l:\n    if $i % 2 == 0:\n        count += 1\nreturn count",
     "let count = 0;\nfor (const $i of $l) {\n  if ($i % 2 === 0) {\n    count += 1;\n  }\n}\nreturn count;",
     _list, lambda l: sum(x % 2 == 0 for x in l)),
    ("keeps only the even numbers of a list", "only_even keep_even", "$l:list[int]", "list[int]",
     "return [$i for $i in $l if $i % 2 == 0]", "return $l.filter(($i) => $i % 2 === 0);", _list,
     lambda l: [x for x in l if x % 2 == 0]),
    ("keeps only the positive numbers of a list", "positive only_positive", "$l:list[int]", "list[int]",
     "return [$i for $i in $l if $i > 0]", "return $l.filter(($i) => $i > 0);", _signed,
     lambda l: [x for x in l if x > 0]),
    ("squares every number in a list", "squares square_all", "$l:list[int]", "list[int]",
     "return [$i * $i for $i in $l]", "return $l.map(($i) => $i * $i);", _list, lambda l: [x * x for x in l]),
    ("doubles every number in a list", "doubled double_all", "$l:list[int]", "list[int]",
     "return [$i * 2 for $i in $l]", "return $l.map(($i) => $i * 2);", _list, lambda l: [x * 2 for x in l]),
    ("sorts a list of numbers", "sort_numbers in_order", "$l:list[int]", "list[int]", "return sorted($l)",
     "return [...$l].sort((a, b) => a - b);", _list, sorted),
    ("squares a number", "square squared", "$n:int", "int", "return $n * $n", "return $n * $n;", _n(2, 20),
     lambda n: n * n),
    ("doubles a number", "double twice", "$n:int", "int", "return $n * 2", "return $n * 2;", _n(2, 40),
     lambda n: n * 2),
    ("computes the factorial of a number", "factorial fact", "$n:int", "int",
     "if $n <= 1:\n    return 1\nreturn $n * $f($n - 1)",
     "if ($n <= 1) {\n  return 1;\n}\nreturn $n * $f($n - 1);", _n(2, 6), _fact),
    ("computes a Fibonacci number", "fibonacci fib", "$n:int", "int",
     "previous, current = 0, 1\nfor _ in range($n):\n    previous, current = current, previous + "
     "current\nreturn previous",
     "let previous = 0;\nlet current = 1;\nfor (let i = 0; i < $n; i++) {\n  [previous, current] = "
     "[current, previous + current];\n}\nreturn previous;", _n(3, 12), _fib),
    ("sums the numbers from 1 to n", "sum_up_to triangle", "n:int", "int",
     "result = 0\nfor i in range(1, n + 1):\n    result += i\nreturn result",
     "let result = 0;\nfor (let i = 1; i <= n; i++) {\n  result += i;\n}\nreturn result;", _n(3, 10),
     lambda n: n * (n + 1) // 2),
    ("makes a list of the numbers from 1 to n", "count_up numbers_to", "n:int", "list[int]",
     "return list(range(1, n + 1))",
     "const result: number[] = [];\nfor (let i = 1; i <= n; i++) {\n  result.push(i);\n}\nreturn result;",
     _n(3, 6), lambda n: list(range(1, n + 1))),
    ("finds the greatest common divisor of two numbers", "gcd common_divisor", "$a:int $b:int", "int",
     "while $b != 0:\n    $a, $b = $b, $a % $b\nreturn $a",
     "while ($b !== 0) {\n  [$a, $b] = [$b, $a % $b];\n}\nreturn $a;",
     lambda r: (lambda k: (k * r.randint(1, 6), k * r.randint(1, 6)))(r.randint(2, 7)), _gcd),
    ("says hello to a person", "greet say_hello hello", "name:str", "str", 'return f"Hello, {name}!"',
     "return `Hello, ${name}!`;", lambda r: (r.choice(GIRLS + BOYS),), lambda n: f"Hello, {n}!"),
    ("says goodbye to a person", "say_goodbye farewell", "name:str", "str", 'return f"Goodbye, {name}!"',
     "return `Goodbye, ${name}!`;", lambda r: (r.choice(GIRLS + BOYS),), lambda n: f"Goodbye, {n}!"),
    ("checks if a word is a palindrome", "is_palindrome palindrome", "$s:str", "bool",
     "return $s == $s[::-1]", 'return $s === $s.split("").reverse().join("");', _word,
     lambda s: s == s[::-1]),
    ("counts the vowels in a string", "count_vowels vowels", "$s:str", "int",
     'count = 0\nfor letter in $s:\n    if letter in "aeiou":\n        count += 1\nreturn count',
     'let count = 0;\nfor (const letter of $s) {\n  if ("aeiou".includes(letter)) {\n    count += 1;\n  '
     "}\n}\nreturn count;", _word, lambda s: sum(c in "aeiou" for c in s)),
    ("counts the words in a string", "count_words word_count", "$s:str", "int", "return len($s.split())",
     'return $s.split(" ").length;', _sentence, lambda s: len(s.split())),
    ("makes a string upper case", "shout to_upper upper", "$s:str", "str", "return $s.upper()",
     "return $s.toUpperCase();", _word, str.upper),
    ("makes a string lower case", "to_lower lower", "$s:str", "str", "return $s.lower()",
     "return $s.toLowerCase();", lambda r: (_word(r)[0].upper(),), str.lower),
    ("makes the first letter of a word a capital", "capitalise first_upper", "$s:str", "str",
     "return $s[0].upper() + $s[1:]", "return $s[0].toUpperCase() + $s.slice(1);", _word, str.capitalize),
    ("returns the length of a string", "length count_letters", "$s:str", "int", "return len($s)",
     "return $s.length;", _word, len),
    ("repeats a string n times", "repeat say_often", "$s:str n:int", "str", "return $s * n",
     "return $s.repeat(n);", lambda r: (r.choice(("ha", "la", "ho", "na")), r.randint(2, 4)),
     lambda s, n: s * n),
    ("joins a list of words with commas", "join_words with_commas", "$w:list[str]", "str",
     'return ", ".join($w)', 'return $w.join(", ");', _words, ", ".join),
    ("splits a string into words", "split_words to_words", "$s:str", "list[str]", "return $s.split()",
     'return $s.split(" ");', _sentence, str.split),
    ("finds the longest word in a list", "longest longest_word", "$w:list[str]", "str",
     'best = ""\nfor word in $w:\n    if len(word) > len(best):\n        best = word\nreturn best',
     'let best = "";\nfor (const word of $w) {\n  if (word.length > best.length) {\n    best = word;\n  '
     "}\n}\nreturn best;", _words, lambda w: max(w, key=len)),
    ("counts how often each word is in a list", "word_counts tally", "$w:list[str]", "dict[str, int]",
     "counts = {}\nfor word in $w:\n    counts[word] = counts.get(word, 0) + 1\nreturn counts",
     "const counts: Record<string, number> = {};\nfor (const word of $w) {\n  counts[word] = (counts[word] "
     "?? 0) + 1;\n}\nreturn counts;", lambda r: ((lambda a: [a[0], a[1], a[0]])(r.sample(FRUIT, 2)),),
     _counts),
    ("removes duplicates from a list", "unique without_duplicates", "$l:list[int]", "list[int]",
     "result = []\nfor $i in $l:\n    if $i not in result:\n        result.append($i)\nreturn result",
     "return [...new Set($l)];", lambda r: ((lambda a: [a[0], a[1], a[0]])(r.sample(range(1, 20), 2)),),
     lambda l: list(dict.fromkeys(l))),
    ("returns the first item of a list", "first_of head", "$l:list[int]", "int", "return $l[0]",
     "return $l[0];", _list, lambda l: l[0]),
    ("returns the last item of a list", "last_of final", "$l:list[int]", "int", "return $l[-1]",
     "return $l[$l.length - 1];", _list, lambda l: l[-1]),
    ("checks if a list is empty", "is_empty empty", "$l:list[int]", "bool", "return len($l) == 0",
     "return $l.length === 0;", _list, lambda l: not l),
    ("checks if a list contains a given number", "contains has_number", "$l:list[int] target:int", "bool",
     "return target in $l", "return $l.includes(target);", lambda r: (_list(r)[0], r.randint(1, 20)),
     lambda l, t: t in l),
    ("finds the position of a given number in a list", "find_index position", "$l:list[int] target:int",
     "int", "for i, $i in enumerate($l):\n    if $i == target:\n        return i\nreturn -1",
     "return $l.indexOf(target);", lambda r: (lambda l: (l, r.choice(l)))(_list(r)[0]),
     lambda l, t: l.index(t)),
    ("converts degrees Celsius to Fahrenheit", "to_fahrenheit celsius_to_fahrenheit", "celsius:float",
     "float", "return celsius * 9 / 5 + 32", "return (celsius * 9) / 5 + 32;",
     lambda r: (r.choice((0, 5, 10, 15, 20, 25, 30, 100)),), lambda c: c * 9 / 5 + 32),
    ("computes the area of a rectangle", "area rectangle_area", "width:int height:int", "int",
     "return width * height", "return width * height;", _two, lambda a, b: a * b),
    ("computes the perimeter of a rectangle", "perimeter around", "width:int height:int", "int",
     "return 2 * (width + height)", "return 2 * (width + height);", _two, lambda a, b: 2 * (a + b)),
    ("raises a number to a power", "power to_power", "base:int exponent:int", "int",
     "return base ** exponent", "return base ** exponent;", lambda r: (r.randint(2, 5), r.randint(2, 4)),
     lambda a, b: a ** b),
    ("limits a number to a range", "clamp limit", "$n:int low:int high:int", "int",
     "return max(low, min($n, high))", "return Math.max(low, Math.min($n, high));",
     lambda r: (r.randint(-5, 20), 0, 10), lambda n, a, b: max(a, min(n, b))),
    ("sums the digits of a number", "digit_sum sum_digits", "$n:int", "int",
     "result = 0\nfor digit in str($n):\n    result += int(digit)\nreturn result",
     "let result = 0;\nfor (const digit of String($n)) {\n  result += Number(digit);\n}\nreturn result;",
     _n(10, 999), lambda n: sum(map(int, str(n)))),
    ("returns the absolute value of a number", "absolute magnitude", "$n:int", "int",
     "if $n < 0:\n    return -$n\nreturn $n", "return $n < 0 ? -$n : $n;", _n(-20, 20), abs),
    ("plays FizzBuzz for a number", "fizz_buzz fizz", "$n:int", "str",
     'if $n % 15 == 0:\n    return "FizzBuzz"\nif $n % 3 == 0:\n    return "Fizz"\nif $n % 5 == 0:\n    '
     'return "Buzz"\nreturn str($n)',
     'if ($n % 15 === 0) {\n  return "FizzBuzz";\n}\nif ($n % 3 === 0) {\n  return "Fizz";\n}\nif '
     '($n % 5 === '
     '0) {\n  return "Buzz";\n}\nreturn String($n);', _n(1, 30),
     lambda n: "FizzBuzz" if n % 15 == 0 else "Fizz" if n % 3 == 0 else "Buzz" if n % 5 == 0 else str(n)),
    ("removes the spaces from a string", "no_spaces remove_spaces", "$s:str", "str",
     'return $s.replace(" ", "")', 'return $s.split(" ").join("");', _sentence, lambda s: s.replace(" ", "")),
    ("checks if a string starts with a given letter", "starts_with begins_with", "$s:str letter:str", "bool",
     "return $s.startswith(letter)", "return $s.startsWith(letter);",
     lambda r: (lambda w: (w, r.choice((w[0], w[1]))))(_word(r)[0]), str.startswith),
    ("adds an item to the end of a list", "append_item with_item", "$l:list[int] item:int", "list[int]",
     "return $l + [item]", "return [...$l, item];", lambda r: (_list(r)[0], r.randint(1, 20)),
     lambda l, x: l + [x]),
    ("takes the first n items of a list", "take first_items", "$l:list[int] n:int", "list[int]",
     "return $l[:n]", "return $l.slice(0, n);", lambda r: (_list(r)[0], r.randint(1, 3)), lambda l, n: l[:n]),
    ("returns the lengths of all words in a list", "lengths word_lengths", "$w:list[str]", "list[int]",
     "return [len(word) for word in $w]", "return $w.map((word) => word.length);", _words,
     lambda w: [len(x) for x in w]),
    ("lists the numbers from n down to 1", "count_down countdown", "n:int", "list[int]",
     "result = []\nwhile n > 0:\n    result.append(n)\n    n -= 1\nreturn result",
     "const result: number[] = [];\nwhile (n > 0) {\n  result.push(n);\n  n -= 1;\n}\nreturn result;",
     _n(3, 6), lambda n: list(range(n, 0, -1))),
    ("swaps two values", "swap exchange", "$a:int $b:int", "list[int]", "return [$b, $a]", "return [$b, $a];",
     _two, lambda a, b: [b, a]),
]
TASKS = [
    (
        t,
        tuple(n.split()),
        tuple(tuple(p.split(":")) for p in params.split()),
        ret,
        py.split("\n"),
        ts.split("\n"),
        ex,
        ref,
    )
    for t, n, params, ret, py, ts, ex, ref in TASKS
]
INDEX = {t[0]: t for t in TASKS}


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(x.capitalize() for x in rest)


def _py(x, show=False):
    if isinstance(x, str):
        return x if show else f'"{x}"'
    return repr(x) if show else repr(x).replace("'", '"')


def _ts(x, show=False):
    if isinstance(x, str):
        return x if show else f'"{x}"'
    if isinstance(x, float) and x == int(x):
        x = int(x)
    return json.dumps(x)


ASKS = (
    "Write a {l} function {n}that {t}.",
    "Write a {l} function {n}that {t}.",
    "Can you write a {l} function {n}that {t}?",
    "Show me a {l} function {n}that {t}.",
    "Please write a {l} function {n}that {t}.",
    "I need a {l} function {n}that {t}.",
    "Give me a {l} function {n}that {t}.",
    "Could you show me a {l} function {n}that {t}?",
    "How do I write a {l} function {n}that {t}?",
    "Help me write a {l} function {n}that {t}.",
)
ASKS_IN = (
    "Write a function {n}that {t}, in {l}.",
    "In {l}, write a function {n}that {t}.",
    "How do I write a function {n}that {t} in {l}?",
    "{l}: a function {n}that {t}.",
    "Write a function {n}in {l} that {t}.",
)
ASKS_ANY = (
    "Write a function {n}that {t}.",
    "Can you write a function {n}that {t}?",
    "Show me a function {n}that {t}.",
    "Please write some code that {t}.",
    "I need a function {n}that {t}.",
)
LEADS = (
    "Here is a {l} function {n}that {t}:",
    "Here is a {l} function {n}that {t}:",
    "This {l} function {n}{t}:",
)
NAMED = ("called {f} ", "named {f} ", "called {f} ", "with the name {f} ")


# Names that tell nothing: what the question calls the function has to be copied.
MADE_UP = [
    f"{verb}_{noun}"
    for verb in "get make find do run take give new last first next my".split()
    for noun in "it thing value list word number result part box step answer item name line key map".split()
] + "go work start helper solve handle check_it convert compute apply_rule example test_me".split()


def make(r, held=False) -> Item:
    """One function; `held` True always gives its name."""
    named = held is True or r.random() < 0.5

    def pick(r):
        task = r.choice(TASKS)
        k = r.random() if named else 1
        names = COMMON if k < 0.25 else MADE_UP if k < 0.7 else task[1]
        return task[0], r.choice(names)

    task, snake = draw(r, held, pick)
    _, _, params, ret, py, ts, example, ref = INDEX[task]
    k = r.random()
    anyone = k < 0.08 and held is not True
    python = anyone or r.random() < 0.5
    f = snake if python else camel(snake)
    a, b = r.choice(PAIRS)
    v = {
        "a": a,
        "b": b,
        "n": r.choice(("n", "x", "number", "value")),
        "l": r.choice(NUMBERS),
        "w": r.choice(STRINGS),
        "s": r.choice(TEXTS),
        "i": r.choice(ITEMS),
        "f": f,
    }
    lang = "Python" if python else "TypeScript"
    hints = python and k > 0.75
    say_hints = hints and k > 0.88
    with_use = r.random() < 0.2
    name = r.choice(NAMED).format(f=f) if named else ""
    ask = r.choice(ASKS_ANY if anyone else ASKS if r.random() < 0.75 else ASKS_IN).format(
        l=lang, n=name, t=task
    )
    if name not in ask:
        name, named = "", False
    more = ""
    if say_hints:
        more = " Use type hints."
    if with_use:
        more += r.choice((" Show how to use it.", " Add an example.", " Give an example of its use."))
    ask += more
    # the code
    args = example(r)
    result = ref(*(list(x) if isinstance(x, list) else x for x in args))
    if python:
        sig = ", ".join(f"{p}: {t}" if hints else p for p, t in params)
        lines = [f"def {f}({sig})" + (f" -> {ret}:" if hints else ":")] + ["    " + x for x in py]
        use = f"print({f}({', '.join(map(_py, args))}))  # {_py(result, True)}"
    else:
        sig = ", ".join(f"{p}: {TS_TYPE[t]}" for p, t in params)
        lines = [f"function {f}({sig}): {TS_TYPE[ret]} {{"] + ["  " + x for x in ts] + ["}"]
        use = f"console.log({f}({', '.join(map(_ts, args))})); // {_ts(result, True)}"
    src = _VAR.sub(lambda m: v[m.group(1)], "\n".join(lines)) + "\n"
    k = r.random()
    tail = ""
    if with_use or k < 0.3:
        src += "\n" + use + "\n"
    elif k < 0.45 and ret != "dict[str, int]":
        lit = _py if python else _ts
        tail = f"\nFor example, `{f}({', '.join(map(lit, args))})` returns {lit(result)}."
    lead = r.choice(LEADS).format(l=lang, n=name, t=task)
    plain = ("# " if python else "// ") + task[0].upper() + task[1:] + ".\n" + src.rstrip()
    return Item(
        ask,
        f"{lead}\n```{lang.lower()}\n{src}```{tail}",
        plain,
        (f,) if named else (),
        None,
        None if anyone else lang.lower(),
    )
