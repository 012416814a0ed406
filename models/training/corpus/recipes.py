"""Recipes: a question for a dish with its main ingredient, and an answer that lists and uses that
ingredient."""

from .templates import Item, article, draw, fill, join_and

# kind of noun: c counted ("three carrots"), s small ("two cups of peas"), b big ("one small cabbage"),
# m mass ("a bowl of spinach"). A plural is given where it is not the singular and an s.
VEG = """c tomato tomatoes|c carrot|c potato potatoes|c onion|b pumpkin|c leek|c mushroom|c pepper
m spinach|b cabbage
s pea|s bean|m sweetcorn|m celery|c courgette|m broccoli|b cauliflower|c beetroot|s lentil|c cucumber
c radish radishes
c turnip|c parsnip|c aubergine|m asparagus|m fennel|m kale|s chickpea|b squash|b swede|c artichoke
c shallot"""
FRUIT = """c apple|c pear|c plum|s cherry cherries|s strawberry strawberries|s blueberry blueberries|c banana
c peach peaches|s raspberry raspberries|c lemon|c orange|c mango mangoes|c apricot|s grape
s blackberry blackberries
m rhubarb|c fig|c kiwi|s gooseberry gooseberries|s cranberry cranberries|b pineapple|b melon|c nectarine
s blackcurrant"""
HERBS = """basil parsley thyme dill mint rosemary chives oregano sage coriander tarragon marjoram lavender
fennel chamomile""".split()
SPICES = "salt pepper paprika nutmeg cumin".split()
NUM = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
PEEL = set(
    "carrot potato onion pumpkin beetroot turnip parsnip squash swede shallot banana orange mango kiwi"
    " pineapple melon".split()
)


def _table(text):
    out = {}
    for entry in text.replace("\n", "|").split("|"):
        kind, one, *more = entry.split()
        out[one] = (kind, more[0] if more else (one + "s" if kind in "cs" else one))
    return out


NOUNS = {**_table(VEG), **_table(FRUIT)}
BERRIES = "cherry strawberry blueberry raspberry blackberry gooseberry cranberry blackcurrant".split()
SOUP = """tomato carrot potato onion pumpkin leek mushroom pepper spinach cabbage pea bean sweetcorn celery
courgette
broccoli cauliflower beetroot lentil turnip parsnip asparagus fennel kale chickpea squash swede
artichoke""".split()
STEW = (
    """tomato carrot potato pumpkin leek mushroom pepper cabbage bean lentil turnip parsnip aubergine chickpea
squash swede celery""".split()
)
RAW = "tomato carrot cucumber radish cabbage spinach pepper fennel celery kale courgette".split()
COOKED = "potato bean lentil beetroot chickpea broccoli cauliflower asparagus".split()
SOFT = "tomato mushroom pepper spinach courgette aubergine leek onion asparagus broccoli pea kale".split()
ROAST = """carrot potato pumpkin parsnip beetroot cauliflower squash onion pepper tomato aubergine fennel
turnip shallot
courgette mushroom""".split()
GRATIN = (
    "potato cauliflower broccoli leek courgette fennel pumpkin tomato parsnip turnip swede squash".split()
)
CURRY = (
    "potato cauliflower chickpea lentil spinach pumpkin carrot bean pea aubergine mushroom tomato squash"
    .split()
)
FRITTER = "courgette sweetcorn carrot potato pumpkin parsnip beetroot cauliflower leek".split()
MASH = "potato carrot parsnip pumpkin turnip swede cauliflower squash pea".split()
DIP = "chickpea bean aubergine beetroot carrot pea lentil".split()
PICKLE = "onion cucumber beetroot cabbage cauliflower radish carrot shallot".split()
BAKING = [
    f
    for f in NOUNS
    if f in _table(FRUIT) and f not in ("grape", "melon", "kiwi", "lemon", "orange", "mango", "banana", "fig")
]
SMOOTHIE = [
    f for f in _table(FRUIT) if f not in ("lemon", "rhubarb", "gooseberry", "cranberry", "fig", "banana")
]
JAM = [f for f in _table(FRUIT) if f not in ("banana", "melon", "grape", "lemon", "mango", "kiwi")]
SALAD = [f for f in _table(FRUIT) if f not in ("lemon", "rhubarb", "gooseberry", "cranberry", "blackcurrant")]
ICE = [
    f
    for f in _table(FRUIT)
    if f not in ("apple", "pear", "rhubarb", "grape", "cranberry", "fig", "lemon", "gooseberry", "orange")
]
SORBET = ICE + ["lemon", "orange", "pear"]
CAKE = [f for f in BAKING if f not in ("pineapple", "cranberry", "blackcurrant")]
BISCUIT = "ginger oat honey chocolate almond hazelnut cinnamon coconut".split()

# kind: (name, article: 0 none, 1 always, 2 either; ingredients it is made with, what is needed, the steps)
# {x} the ingredient, {p} as it is cooked, {amt} how much of it, {prep} washing and cutting it.
DISHES = {
    "soup": (
        "{x} soup",
        2,
        SOUP,
        ("{amt}", "{base}", "four cups of water", "a spoon of {oil}", "some {herb}", "a pinch of {spice}"),
        (
            "{prep}.",
            "[heat|warm] the {oil} in a [large|big] pot and [fry|cook] the {thebase} [in it|until soft].",
            "add the {p} and [pour in|add] the water.",
            "[simmer|cook] the {p} for {m} minutes[| with the lid on].",
            (
                "[blend the soup until it is smooth|stir the {x} soup well], add the {spice} and serve it"
                " with {herb}."
            ),
        ),
    ),
    "stew": (
        "{x} and {y} stew",
        2,
        STEW,
        ("{amt}", "{amt2}", "{base}", "two cups of broth", "a spoon of {oil}", "a little {herb}"),
        (
            "{prep}.",
            "{prep2}.",
            "[fry|cook] the {thebase} in the {oil}.",
            "add the {p} and the {p2}, and pour in the broth.",
            "cook the stew for {m} minutes, until the {p} and the {p2} are soft.",
            "[stir in|add] the {herb} and serve the stew hot.",
        ),
    ),
    "salad": (
        "{x} salad",
        2,
        RAW,
        ("{amt}", "the juice of one lemon", "two spoons of olive oil", "some {herb}", "a pinch of {spice}"),
        (
            "wash the {p} and cut {them} into [thin slices|small pieces].",
            "put the {p} in a [big|large] bowl.",
            "mix the lemon juice with the olive oil and the {spice}.",
            "pour this over the {p} and [mix well|stir gently].",
            "[sprinkle|top] the {x} salad with {herb} and serve it [cold|at once].",
        ),
    ),
    "warm salad": (
        "warm {x} salad",
        1,
        COOKED,
        ("{amt}", "one small onion", "two spoons of olive oil", "a spoon of vinegar", "some {herb}"),
        (
            "{prep}.",
            "boil the {p} in water until {they} soft.",
            "chop the onion and mix it with the oil and the vinegar.",
            "pour this over the warm {p}.",
            "[sprinkle|top] the {x} salad with {herb} and serve it [warm|at once].",
        ),
    ),
    "pasta": (
        "pasta with {p}",
        0,
        SOFT,
        ("{n100} grams of pasta", "{amt}", "{base}", "a spoon of {oil}", "some {herb}", "a little cheese"),
        (
            "boil the pasta in plenty of water.",
            "{prep}.",
            "[fry|cook] the {thebase} in the {oil}, and then add the {p}.",
            "cook the {p} until {they} soft.",
            "mix the pasta with the {p} and top it with cheese and {herb}.",
        ),
    ),
    "omelette": (
        "{x} omelette",
        1,
        [*SOFT, "potato"],
        ("three eggs", "{few}", "a spoon of milk", "a little butter", "some {herb}", "a pinch of {spice}"),
        (
            "{prep}.",
            "beat the eggs with the milk and the {spice}.",
            "melt the butter in a pan and cook the {p} until {they} soft.",
            "pour the eggs over the {p} and wait until they are [set|firm].",
            "fold the {x} omelette in half and sprinkle it with {herb}.",
        ),
    ),
    "rice": (
        "rice with {p}",
        0,
        [*SOFT, "carrot", "bean", "lentil", "sweetcorn", "chickpea"],
        ("a cup of rice", "two cups of water", "{amt}", "{base}", "a spoon of {oil}", "a pinch of {spice}"),
        (
            "{prep}.",
            "[fry|cook] the {thebase} and the {p} in the {oil}.",
            "add the rice and the water and [cover|close] the pot.",
            "cook the rice with the {p} gently for twenty minutes.",
            "season it with {spice} and serve it [hot|warm].",
        ),
    ),
    "risotto": (
        "{x} risotto",
        2,
        [
            "mushroom",
            "pumpkin",
            "asparagus",
            "pea",
            "spinach",
            "tomato",
            "leek",
            "beetroot",
            "courgette",
            "squash",
            "fennel",
        ],
        (
            "a cup of risotto rice",
            "{amt}",
            "one onion",
            "four cups of broth",
            "a spoon of butter",
            "a little cheese",
        ),
        (
            "{prep}.",
            "chop the onion and fry it in the butter.",
            "add the rice and the {p}.",
            "[slowly pour in|add] the broth, a little at a time, and keep stirring.",
            "after [twenty|25] minutes, stir in the cheese and serve the {x} risotto.",
        ),
    ),
    "sandwich": (
        "{x} sandwich",
        1,
        ["tomato", "cucumber", "radish", "pepper", "mushroom", "beetroot", "spinach"],
        ("two slices of bread", "{few}", "a slice of cheese", "a little butter", "a pinch of {spice}"),
        (
            "{slice}.",
            "spread the butter on the bread.",
            "lay the {p} and the cheese on one slice of bread.",
            "add a pinch of {spice} to the {p}.",
            "close the {x} sandwich and [cut it in half|press it gently].",
        ),
    ),
    "roast": (
        "roasted {p}",
        0,
        ROAST,
        ("{amt}", "two spoons of olive oil", "a pinch of {spice}", "some {herb}"),
        (
            "heat the oven.",
            "{prep}.",
            "mix the {p} with the olive oil, the {spice} and the {herb}.",
            "spread the {p} on a [baking |]tray.",
            "roast the {p} for {m} minutes and serve {them} [warm|hot].",
        ),
    ),
    "gratin": (
        "{x} gratin",
        1,
        GRATIN,
        ("{amt}", "a cup of cream", "a cup of grated cheese", "a little butter", "a pinch of {spice}"),
        (
            "{prep}.",
            "rub a dish with the butter and lay the {p} in it.",
            "mix the cream with the {spice} and pour it over the {p}.",
            "[cover|top] the {p} with the cheese.",
            "bake the {x} gratin for {m2} minutes, until it is golden.",
        ),
    ),
    "curry": (
        "{x} curry",
        1,
        CURRY,
        ("{amt}", "one {curryonion}", "a cup of coconut milk", "a spoon of curry powder", "a spoon of oil"),
        (
            "{prep}.",
            "chop the {curryonion} and fry it in the oil.",
            "[stir in|add] the curry powder and the {p}.",
            "pour in the coconut milk and cook the {p} for {m} minutes.",
            "serve the {x} curry [hot|in deep bowls].",
        ),
    ),
    "quiche": (
        "{x} quiche",
        1,
        ["leek", "spinach", "onion", "mushroom", "tomato", "broccoli", "asparagus", "courgette", "pepper"],
        (
            "one sheet of pastry",
            "{amt}",
            "three eggs",
            "a cup of cream",
            "a little butter",
            "a pinch of {spice}",
        ),
        (
            "lay the pastry in a round tin.",
            "{prep}.",
            "cook the {p} in the butter and spread {them} on the pastry.",
            "beat the eggs with the cream and the {spice}, and pour this over the {p}.",
            "bake the {x} quiche for {m2} minutes.",
        ),
    ),
    "pizza": (
        "{x} pizza",
        1,
        [
            "tomato",
            "mushroom",
            "pepper",
            "spinach",
            "onion",
            "aubergine",
            "courgette",
            "artichoke",
            "broccoli",
            "potato",
        ],
        (
            "one ball of pizza dough",
            "{few}",
            "a cup of tomato sauce",
            "a cup of grated cheese",
            "some {pherb}",
        ),
        (
            "roll out the dough [thinly|on a tray].",
            "{slice}.",
            "spread the tomato sauce on the dough.",
            "lay the {p} and the cheese on top.",
            "bake the {x} pizza for [ten|twelve|fifteen] minutes and sprinkle it with {pherb}.",
        ),
    ),
    "fritters": (
        "{x} fritters",
        0,
        FRITTER,
        ("{amt}", "one egg", "three spoons of flour", "a pinch of {spice}", "a little oil"),
        (
            "{grate}.",
            "mix the {p} with the egg, the flour and the {spice}.",
            "heat the oil in a pan.",
            "drop small spoons of the {x} mix into the pan.",
            "fry the {x} fritters on both sides until they are [golden|brown].",
        ),
    ),
    "mash": (
        "{x} mash",
        0,
        MASH,
        ("{amt}", "half a cup of milk", "a spoon of butter", "a pinch of {spice}"),
        (
            "{prep}.",
            "boil the {p} in water until {they} soft.",
            "pour off the water and mash the {p}.",
            "stir in the milk, the butter and the {spice}.",
            "serve the {x} mash [warm|hot].",
        ),
    ),
    "dip": (
        "{x} dip",
        1,
        DIP,
        (
            "{amt}",
            "a cup of yogurt",
            "one clove of garlic",
            "the juice of half a lemon",
            "a pinch of {spice}",
        ),
        (
            "{prep}.",
            "cook the {p} until {they} soft, and let {them} cool.",
            "[mash|blend] the {p} with the garlic and the lemon juice.",
            "stir in the yogurt and the {spice}.",
            "serve the {x} dip [cold|in a small bowl].",
        ),
    ),
    "pickle": (
        "pickled {p}",
        0,
        PICKLE,
        ("{amt}", "two cups of vinegar", "one cup of water", "two spoons of sugar", "a spoon of salt"),
        (
            "{slice}.",
            "put the {p} in a clean jar.",
            "boil the vinegar with the water, the sugar and the salt.",
            "pour the hot vinegar over the {p}.",
            "close the jar and leave the {p} for [three|five|seven] days.",
        ),
    ),
    "pie": (
        "{x} pie",
        1,
        BAKING,
        ("two cups of flour", "half a cup of butter", "{amt}", "half a cup of sugar", "one egg"),
        (
            "rub the butter into the flour and press it into a dough with the egg.",
            "roll out the dough and lay it in a [round |]tin.",
            "{prep}.",
            "mix the {p} with the sugar and put {them} on the dough.",
            "bake the {x} pie for {m2} minutes, until it is golden.",
        ),
    ),
    "tart": (
        "{x} tart",
        1,
        BAKING,
        ("one sheet of pastry", "{amt}", "three spoons of sugar", "a cup of cream", "two eggs"),
        (
            "lay the pastry in a [flat|round] tin.",
            "{prep}.",
            "spread the {p} on the pastry.",
            "mix the cream, the eggs and the sugar, and pour this over the {p}.",
            "bake the {x} tart for {m2} minutes and let it cool.",
        ),
    ),
    "crumble": (
        "{x} crumble",
        2,
        [f for f in BAKING if f != "pineapple"],
        ("{amt}", "a cup of flour", "half a cup of butter", "half a cup of sugar"),
        (
            "{prep}.",
            "put the {p} in a [baking dish|deep dish].",
            "rub the butter, the flour and the sugar together with your fingers.",
            "sprinkle the crumbs over the {p}.",
            "bake the {x} crumble for {m2} minutes and serve it warm.",
        ),
    ),
    "cake": (
        "{x} cake",
        1,
        CAKE,
        (
            "two cups of flour",
            "a cup of sugar",
            "three eggs",
            "half a cup of butter",
            "a spoon of baking powder",
            "{amt}",
        ),
        (
            "beat the butter, the sugar and the eggs until they are light.",
            "stir in the flour and the baking powder.",
            "{prep}.",
            "pour the dough into a tin and [press|drop] the {p} into it.",
            "bake the {x} cake for {m2} minutes and let it cool.",
        ),
    ),
    "muffins": (
        "{x} muffins",
        0,
        [*BERRIES, "apple", "banana", "pear", "apricot"],
        (
            "two cups of flour",
            "half a cup of sugar",
            "a spoon of baking powder",
            "two eggs",
            "a cup of milk",
            "{amt}",
        ),
        (
            "mix the flour, the sugar and the baking powder.",
            "beat the eggs with the milk and stir them in.",
            "{prep}.",
            "add the {p} and fill small tins with the dough.",
            "bake the {x} muffins for [fifteen|twenty] minutes.",
        ),
    ),
    "pancakes": (
        "{x} pancakes",
        0,
        [*BERRIES, "apple", "banana", "pear", "peach"],
        ("a cup of flour", "two eggs", "a cup of milk", "{few}", "a little butter"),
        (
            "[whisk|mix] the flour, the eggs and the milk until the batter is smooth.",
            "{prep}.",
            "melt the butter in a pan.",
            "pour in a little batter and add some of the {p}.",
            "flip the {x} pancake when the edges are dry, and serve it [warm|at once].",
        ),
    ),
    "porridge": (
        "{x} porridge",
        0,
        [*BERRIES, "apple", "banana", "pear", "apricot", "fig", "plum"],
        ("half a cup of oats", "a cup of milk", "{few}", "a spoon of honey"),
        (
            "{prep}.",
            "heat the milk in a small pot.",
            "stir in the oats and cook them for five minutes.",
            "add the {p} and the honey.",
            "pour the {x} porridge into a bowl and eat it [warm|hot].",
        ),
    ),
    "smoothie": (
        "{x} smoothie",
        1,
        SMOOTHIE,
        ("{amt}", "one banana", "a cup of {milk}", "a spoon of honey"),
        (
            "{prep}.",
            "put the {p} and the banana into the blender.",
            "pour in the {milk} and add the honey.",
            "blend everything until it is smooth.",
            "pour the {x} smoothie into a [tall|cold] glass and drink it.",
        ),
    ),
    "jam": (
        "{x} jam",
        0,
        JAM,
        ("{lots}", "three cups of sugar", "the juice of one lemon"),
        (
            "{prep}.",
            "put the {p} in a [big|large] pot with the sugar and the lemon juice.",
            "bring the {p} to the boil and stir [slowly|all the time].",
            "cook the jam for {m} minutes, until it is thick.",
            "pour the {x} jam into clean jars and close them.",
        ),
    ),
    "compote": (
        "{x} compote",
        0,
        JAM,
        ("{lots}", "half a cup of sugar", "half a cup of water", "a little cinnamon"),
        (
            "{prep}.",
            "put the {p} in a pot with the water and the sugar.",
            "cook the {p} gently for [ten|fifteen] minutes.",
            "stir in the cinnamon.",
            "serve the {x} compote [warm|cold].",
        ),
    ),
    "fruit salad": (
        "{x} and {y} salad",
        2,
        SALAD,
        ("{amt}", "{amt2}", "the juice of one lemon", "a spoon of honey", "a little mint"),
        (
            "{prep}.",
            "{prep2}.",
            "put the {p} and the {p2} in a bowl.",
            "mix the lemon juice with the honey and pour it over the {p} and the {p2}.",
            "top the fruit salad with the mint and serve it cold.",
        ),
    ),
    "ice cream": (
        "{x} ice cream",
        0,
        ICE,
        ("{amt}", "a cup of cream", "half a cup of sugar", "a spoon of lemon juice"),
        (
            "{prep}.",
            "blend the {p} with the sugar and the lemon juice.",
            "whip the cream until it is stiff and mix it with the {p}.",
            "put the bowl in the freezer for [four|five|six] hours.",
            "stir the {x} ice cream once an hour, and then serve it.",
        ),
    ),
    "sorbet": (
        "{x} sorbet",
        1,
        SORBET,
        ("{lots}", "a cup of water", "a cup of sugar"),
        (
            "boil the water with the sugar and let it cool.",
            "{juice}.",
            "mix the {p} with the sugar water.",
            "freeze the mix for [four|five|six] hours and stir it often.",
            "serve the {x} sorbet in [small|cold] bowls.",
        ),
    ),
    "juice": (
        "{x} juice",
        0,
        [
            "apple",
            "orange",
            "carrot",
            "pear",
            "grape",
            "pineapple",
            "beetroot",
            "mango",
            "peach",
            "tomato",
            "celery",
            "melon",
            "cherry",
        ],
        ("{lots}", "a little water", "a slice of lemon"),
        (
            "{prep}.",
            "put the {p} and the water into the blender.",
            "blend the {p} until there are no lumps left.",
            "pour the juice through a [fine |]sieve.",
            "serve the {x} juice in a [tall|cold] glass with the slice of lemon.",
        ),
    ),
    "herb tea": (
        "{x} tea",
        0,
        ["mint", "thyme", "sage", "rosemary", "fennel", "chamomile", "lavender", "basil"],
        ("a handful of {x}", "two cups of water", "a spoon of honey", "a slice of lemon"),
        (
            "[wash|rinse] the {x}.",
            "boil the water in a [kettle|small pot].",
            "put the {x} in a teapot and pour the hot water over it.",
            "wait for [five|six|seven] minutes.",
            "pour the {x} tea into a cup and add the honey and the lemon.",
        ),
    ),
    "herb bread": (
        "{x} bread",
        0,
        ["rosemary", "thyme", "basil", "oregano", "dill", "sage", "parsley", "chives", "marjoram"],
        (
            "four cups of flour",
            "a cup of warm water",
            "a spoon of yeast",
            "a spoon of salt",
            "a handful of {x}",
        ),
        (
            "stir the yeast into the warm water.",
            "[chop|wash and chop] the {x}.",
            "[knead|mix] the flour, the salt, the {x} and the water to a dough.",
            "let the dough rise for an hour.",
            "bake the {x} bread for {m2} minutes, until the crust is brown.",
        ),
    ),
    "herb butter": (
        "{x} butter",
        0,
        ["parsley", "chives", "basil", "dill", "thyme", "sage", "tarragon", "coriander", "rosemary"],
        ("{n100} grams of soft butter", "a handful of {x}", "one clove of garlic", "a pinch of salt"),
        (
            "wash the {x} and chop it [finely|into tiny pieces].",
            "crush the garlic.",
            "mix the butter with the {x}, the garlic and the salt.",
            "shape the {x} butter into a [roll|small block] and keep it cold.",
        ),
    ),
    "herb sauce": (
        "{x} sauce",
        0,
        ["parsley", "dill", "basil", "mint", "tarragon", "chives", "coriander", "sage"],
        ("a handful of {x}", "a cup of cream", "a spoon of butter", "a spoon of flour", "a pinch of salt"),
        (
            "chop the {x} finely.",
            "melt the butter in a small pot and stir in the flour.",
            "[slowly pour in|add] the cream and keep stirring.",
            "cook the sauce for five minutes and add the {x} and the salt.",
            "serve the {x} sauce with [fish|potatoes|rice|pasta].",
        ),
    ),
    "biscuits": (
        "{x} biscuits",
        0,
        BISCUIT,
        ("two cups of flour", "half a cup of butter", "half a cup of sugar", "one egg", "{flavour}"),
        (
            "beat the butter and the sugar until they are [creamy|light].",
            "add the egg and the {x}.",
            "mix in the flour and [form|make] small balls.",
            "lay the {x} biscuits on a tray.",
            "bake the {x} biscuits for [ten|twelve|fifteen] minutes and let them cool.",
        ),
    ),
}
FLAVOUR = {
    "oat": "a cup of oats",
    "honey": "two spoons of honey",
    "chocolate": "a cup of chopped chocolate",
    "almond": "a cup of ground almonds",
    "hazelnut": "a cup of ground hazelnuts",
    "ginger": "a spoon of ginger",
    "cinnamon": "a spoon of cinnamon",
    "coconut": "a cup of grated coconut",
}
BISCUIT_NOUN = {"oat": "oats", "almond": "almonds", "hazelnut": "hazelnuts"}
KINDS = list(DISHES)
POOLS = {k: d[2] for k, d in DISHES.items()}
PAIRS = ("stew", "fruit salad")
WORDS = {
    k: (
        d[0]
        .replace("{x} and {y} ", "")
        .replace("{x} ", "")
        .replace(" {x}", "")
        .replace(" with {p}", "")
        .replace("roasted {p}", "roasted")
        .replace("pickled {p}", "pickled")
    )
    for k, d in DISHES.items()
}

ASKS = [
    "how do I make {d}?",
    "how do I make {d}?",
    "how do I [cook|prepare] {d}?",
    "how can I [make|prepare] {d}?",
    "[give me|I need|I am looking for|please give me] a recipe for {d}.",
    "do you have a recipe for {d}?",
    "[tell|show] me how to make {d}.",
    "what do I need to make {d}?",
    "what do I need for {d}?",
    "I want to [make|cook] {d}. [what should I do|can you help me|how does it work]?",
    "can you [tell me how to make|give me a recipe for|explain how to make] {d}?",
    "how is {d0} made?",
    (
        "I would like to [cook|make] {d} [today|for my friends|for dinner]. [do you have a recipe|what do I"
        " need]?"
    ),
    "[a recipe for {d}, please.|{d0} recipe, please.]",
    "what is a [good|simple|quick] recipe for {d}?",
]
FIRST = [
    "here is a recipe for {d}.",
    "here is a [simple|easy|good] recipe for {d}.",
    "this is how you make {d}.",
    "this is a [simple|quick|good] recipe for {d}.",
    "this is how to make {d}.",
    "making {d} is [easy|not hard].",
]
LAST = [
    "enjoy your {d0}!",
    "enjoy the {d0}!",
    "the {d0} {be} enough for [two|three|four] people.",
    "now your {d0} {be} ready.",
]
LAST2 = LAST[:2] + LAST[3:]
SMALL = set(
    "sandwich omelette porridge smoothie jam juice pickle".split() + ["herb tea", "herb butter", "herb bread"]
)
COLD = SMALL - {"omelette", "porridge"} | {
    "salad",
    "warm salad",
    "fruit salad",
    "ice cream",
    "sorbet",
    "biscuits",
    "cake",
    "muffins",
    "pie",
    "tart",
    "dip",
}
HAVE = [
    "I have {have} [at home|left|in the kitchen]. how do I make {d}?",
    "I have {have}. can I make {d}?",
    "I bought {have} and want to make {d}. [what should I do|what do I need]?",
]
THEN = ["then ", "next, ", "after that, ", "now "]


def _noun(r, word, v, end):
    """Variables of a main ingredient."""
    kind, p = NOUNS[word]
    many = kind in "cs"
    them = "them" if many else "it"
    n = r.choice((2, 3, 4, 5, 6))
    if kind == "c":
        amt, few, lots = f"{NUM[n]} {p}", f"two {p}", f"ten {p}"
    elif kind == "s":
        amt, few, lots = (
            r.choice(("a cup of ", "two cups of ")) + p,
            "a handful of " + p,
            f"{NUM[n]} cups of {p}",
        )
    elif kind == "b":
        amt = few = lots = "one small " + word
    else:
        amt, few, lots = (
            r.choice(("a bowl of ", "200 grams of ")) + p,
            "a handful of " + p,
            "500 grams of " + p,
        )
    if kind == "s":
        prep = r.choice((f"wash the {p}", f"rinse the {p} in cold water", f"wash the {p} in cold water"))
        if word == "cherry":
            prep = f"wash the {p} and take out the stones"
    elif word in ("apricot", "plum", "peach", "nectarine"):
        prep = f"wash the {p} and " + r.choice(("take out the stones", "cut them in half"))
    elif word == "sweetcorn":
        prep = "rinse the sweetcorn in cold water"
    else:
        cut = r.choice((f"cut {them} into small pieces", f"cut {them} into slices", f"chop {them}"))
        prep = ("peel" if word in PEEL else "wash") + f" the {p} and {cut}"
    v["p" + end], v["amt" + end], v["prep" + end] = p, amt, prep
    if not end:
        wash = "peel" if word in PEEL else "wash"
        v["few"], v["lots"], v["them"] = few, lots, them
        v["they"] = "they are" if many else "it is"
        v["slice"] = f"{wash} the {p} and cut {them} into thin slices" if kind != "m" else prep
        v["have"] = article(word) if kind == "b" else "some " + p
        v["grate"] = (
            f"{wash} the {p} and grate {them}"
            if word not in ("sweetcorn", "leek")
            else f"wash the {p} and chop {them}"
        )
        v["juice"] = (
            f"press the juice out of the {p}" if word in ("lemon", "orange") else prep + " and blend " + them
        )


def _choose(r):
    kind = r.choice(KINDS)
    if kind in PAIRS:
        return (kind, *sorted(r.sample(POOLS[kind], 2)))
    return kind, r.choice(POOLS[kind])


def make(r, held=False):
    kind, *main = draw(r, held, _choose)
    name, art, _, needs, method = DISHES[kind]
    if len(main) == 2 and r.random() < 0.5:
        main.reverse()
    x = main[0]
    rnd = r.random
    v = {
        "x": x,
        "herb": r.choice(HERBS[:8]),
        "spice": r.choice(SPICES),
        "oil": r.choice(("olive oil", "butter")),
        "m": r.choice((15, 20, 25, 30)),
        "m2": r.choice((30, 35, 40, 45)),
        "n100": r.choice((200, 250, 300)),
        "pherb": r.choice(("basil", "oregano", "thyme")),
        "milk": r.choice(("milk", "yogurt")),
    }
    if x == "pepper" and v["spice"] == "pepper":
        v["spice"] = "salt"
    onion = x != "onion" and rnd() < 0.6
    v["base"], v["thebase"] = ("one chopped onion", "onion") if onion else ("one clove of garlic", "garlic")
    v["curryonion"] = "onion"
    if x in NOUNS and not kind.startswith("herb"):
        _noun(r, x, v, "")
        if len(main) == 2:
            v["y"] = main[1]
            _noun(r, main[1], v, "2")
    elif kind == "biscuits":
        v["flavour"] = FLAVOUR[x]
    d0 = name.format_map(v)
    d = article(d0) if art == 1 or (art == 2 and rnd() < 0.5) else d0
    v["d"], v["d0"] = d, d0
    v["be"] = (
        "are"
        if d0.endswith("s") and kind in ("roast", "pickle", "fritters", "muffins", "pancakes", "biscuits")
        else "is"
    )
    ask = r.choice(HAVE if "have" in v and len(main) == 1 and rnd() < 0.12 else ASKS)
    if kind in COLD:
        ask = ask.replace("cook", "make")
    if "{d0}" in ask:
        ask = ask.replace("is {d0}", "{be} {d0}")
    need = list(needs)
    if rnd() < 0.5:
        listed = "\n[you need|ingredients|you will need]:\n- " + "\n- ".join(need)
    else:
        listed = " [you need|you will need|for this you need] " + join_and(need) + "."
    if rnd() < 0.55:
        steps = "\n".join([f"{i + 1}. {s}" for i, s in enumerate(method)])
    else:
        last = len(method) - 1
        steps = " ".join(
            [
                (r.choice(("first, ", "first ")) if i == 0 else "finally, " if i == last else r.choice(THEN))
                + s
                for i, s in enumerate(method)
            ]
        )
    body = listed + "\n\n" + steps
    tail = rnd()
    if tail < 0.3:
        body += "\n\n" + r.choice(LAST2 if kind in SMALL else LAST)
    first = r.choice(FIRST)
    yes = "can I make" in ask or ("do you have" in ask and rnd() < 0.5)
    answer = fill(r, ("yes, " + first if yes else first) + body, v)
    if kind in PAIRS:
        mentions = (*main, "stew" if kind == "stew" else "salad")
    else:
        w = WORDS[kind]
        word = x if "{x}" in name or x in v["p"] else v["p"]
        mentions = (word, *(w.split()))
        if kind == "warm salad":
            mentions = ("warm", word, "salad")
    plain = None if yes else answer if rnd() < 0.6 else d0[0].upper() + d0[1:] + "\n\n" + answer
    return Item(fill(r, ask, v), answer, plain, mentions)
