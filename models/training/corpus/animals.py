"""Animals: what they are, eat, where they live, their legs, young and sounds, what they can do, and
pairs compared."""

from .templates import Item, draw, fill

# name | plural | class | food | home (of many) | legs (- none asked for) | young | sound ("" none) |
# usual mass in kg
# | flies | swims (y, n, - not asked) | verb phrases of one animal, with a semicolon between.
TABLE = """
cat|cats|mammal|meat and fish|in houses with people|4|kitten|meows|4|n|-|
  can see well in the dark;sleeps for most of the day;has sharp claws
dog|dogs|mammal|meat and grains|in houses with people|4|puppy|barks|20|n|y|
  has a very good nose;wags its tail when it is happy;can help people in many ways
cow|cows|mammal|grass and hay|on farms|4|calf|moos|600|n|-|
  gives milk;has a stomach with four parts;chews its food twice
horse|horses|mammal|grass and oats|on farms and grasslands|4|foal|neighs|500|n|y|
  can sleep standing up;can run very fast;has hooves
sheep|sheep|mammal|grass|on farms and hills|4|lamb|bleats|70|n|-|
  gives wool;likes to stay in a flock;has a thick coat
goat|goats|mammal|grass, leaves and twigs|on farms and in mountains|4|kid|bleats|60|n|-|
  is a very good climber;gives milk;often has horns
pig|pigs|mammal|roots, grains and fruit|on farms|4|piglet|oinks|150|n|-|
  rolls in mud to stay cool;is very clever;has a good nose
donkey|donkeys|mammal|grass and hay|on farms|4|foal|brays|200|n|-|
  has long ears;can carry heavy loads;has hooves
hen|hens|bird|seeds and worms|on farms|2|chick|clucks|2|-|-|
  lays eggs;takes dust baths;scratches the ground for food
duck|ducks|bird|plants, seeds and insects|near ponds and lakes|2|duckling|quacks|1|y|y|
  has feathers that keep out water;swims with webbed feet;has a flat beak
goose|geese|bird|grass and seeds|near lakes and fields|2|gosling|honks|4|y|y|
  often flies in a V shape with others;has webbed feet;has a long neck
turkey|turkeys|bird|seeds, nuts and insects|on farms and in woods|2|poult|gobbles|8|-|-|
  has a red piece of skin on its neck;can spread its tail like a fan;lays eggs
swan|swans|bird|water plants|on lakes and rivers|2|cygnet|hisses|10|y|y|
  often stays with one partner for life;has a long neck;has webbed feet
sparrow|sparrows|bird|seeds and insects|in towns and fields|2|chick|chirps|0.03|y|n|
  is small and brown;hops on the ground;often lives close to people
robin|robins|bird|insects, worms and berries|in gardens and woods|2|chick|sings|0.02|y|n|
  has a red breast;sings even in winter;builds a small nest
crow|crows|bird|seeds, insects and small animals|in fields, woods and towns|2|chick|caws|0.5|y|n|
  is very clever;has black feathers;can use sticks as tools
owl|owls|bird|mice and other small animals|in forests and barns|2|owlet|hoots|1|y|-|
  usually hunts at night;can turn its head very far around;flies almost without a sound
eagle|eagles|bird|fish and small animals|in mountains and near lakes|2|eaglet|screeches|5|y|-|
  has very sharp eyes;builds a very large nest;has strong claws
parrot|parrots|bird|seeds, nuts and fruit|in warm forests|2|chick|squawks|0.4|y|n|
  can copy sounds;has a strong curved beak;often has bright feathers
pigeon|pigeons|bird|seeds and grains|in towns and on cliffs|2|squab|coos|0.3|y|n|
  can find its way home from far away;nods its head when it walks;lays white eggs
penguin|penguins|bird|fish and krill|on southern coasts|2|chick|brays|10|n|y|
  uses its wings as flippers;has thick feathers that keep it warm;walks upright
ostrich|ostriches|bird|plants, seeds and insects|on grasslands in Africa|2|chick|booms|110|n|-|
  is the largest bird on Earth;can run very fast;lays very big eggs
emu|emus|bird|plants, seeds and insects|in Australia|2|chick|grunts|40|n|-|
  can run very fast;lays dark green eggs;has long legs
flamingo|flamingos|bird|tiny shrimps and algae|near warm lakes|2|chick|honks|3|y|y|
  has pink feathers;often stands on one leg;has a long neck
peacock|peacocks|bird|seeds, insects and fruit|in forests and parks|2|peachick|screams|5|-|n|
  has a long and colourful tail;can spread its tail like a fan;sleeps in trees
stork|storks|bird|frogs, fish and insects|near meadows and rivers|2|chick|claps its beak|3|y|-|
  has long red legs;builds a big nest on roofs;flies south in autumn
swallow|swallows|bird|flying insects|in barns and under roofs|2|chick|twitters|0.02|y|n|
  builds its nest out of mud;has a forked tail;flies south in autumn
woodpecker|woodpeckers|bird|insects and nuts|in forests|2|chick|drums on trees|0.1|y|n|
  makes holes in trees with its beak;has a very long tongue;holds on to trees with sharp claws
seagull|seagulls|bird|fish and scraps|on coasts|2|chick|cries|1|y|y|
  has webbed feet;can drink salt water;glides on the wind
pelican|pelicans|bird|fish|near lakes and coasts|2|chick|grunts|7|y|y|
  has a large pouch under its beak;has webbed feet;has very wide wings
lion|lions|mammal|meat|on grasslands in Africa|4|cub|roars|180|n|-|
  lives in a group called a pride;sleeps for most of the day;hunts together with others
tiger|tigers|mammal|meat|in forests in Asia|4|cub|roars|200|n|y|
  has dark stripes;is a strong swimmer;usually hunts alone
leopard|leopards|mammal|meat|in Africa and Asia|4|cub|growls|50|n|-|
  has dark spots;can carry its food up a tree;usually lives alone
cheetah|cheetahs|mammal|meat|on grasslands in Africa|4|cub|chirps and purrs|45|n|-|
  is the fastest animal on land;has dark spots;has long legs
brown bear|brown bears|mammal|berries, fish and roots|in forests and mountains|4|cub|growls|250|n|y|
  sleeps through much of the winter;has a very good nose;can stand on its back legs
polar bear|polar bears|mammal|seals|on the ice of the Arctic|4|cub|growls|400|n|y|
  has black skin under its white fur;has a thick layer of fat;has a very good nose
wolf|wolves|mammal|meat|in forests and mountains|4|pup|howls|40|n|y|
  lives in a pack;hunts together with others;has a very good nose
fox|foxes|mammal|mice, berries and insects|in forests and fields|4|cub|barks|6|n|-|
  has a bushy tail;digs a den in the ground;has very good ears
rabbit|rabbits|mammal|grass and clover|in burrows under the ground|4|kit|squeaks|2|n|-|
  has front teeth that never stop growing;has long ears;can run in quick turns
hare|hares|mammal|grass and bark|in open fields|4|leveret|squeaks|4|n|-|
  has very long ears;can run very fast;sleeps in a small hollow in the grass
mouse|mice|mammal|seeds and grains|in fields and houses|4|pup|squeaks|0.02|n|-|
  is most active at night;can squeeze through tiny holes;has a long thin tail
rat|rats|mammal|grains, fruit and scraps|in towns, fields and houses|4|pup|squeaks|0.3|n|y|
  has a long tail;is very clever;has front teeth that never stop growing
hamster|hamsters|mammal|seeds and grains|in burrows under the ground|4|pup|squeaks|0.1|n|-|
  carries food in its cheeks;is most active at night;has a very short tail
squirrel|squirrels|mammal|nuts and seeds|in trees|4|kit|chatters|0.4|n|-|
  hides nuts for the winter;keeps its balance with its bushy tail;can jump from tree to tree
hedgehog|hedgehogs|mammal|beetles, worms and snails|in gardens and hedges|4|hoglet|snuffles|0.8|n|-|
  rolls into a ball when it is afraid;is covered with spines;sleeps through the winter
mole|moles|mammal|worms|in tunnels under the ground|4|pup|squeaks|0.1|n|-|
  digs with its big front paws;can hardly see;makes small hills of soil
badger|badgers|mammal|worms, roots and fruit|in woods|4|cub|growls|10|n|-|
  has a black and white face;digs large homes under the ground;is most active at night
beaver|beavers|mammal|bark and leaves|in rivers and streams|4|kit|slaps its tail on the water|20|n|y|
  builds dams out of branches;has strong orange teeth;has a flat tail
otter|otters|mammal|fish and crabs|in rivers and along coasts|4|pup|squeaks|9|n|y|
  has very thick fur;is very playful;has webbed feet
elephant|elephants|mammal|grass, leaves and bark|in Africa and Asia|4|calf|trumpets|4000|n|y|
  is the largest animal on land;drinks with the help of its trunk;has big ears
giraffe|giraffes|mammal|leaves from tall trees|on grasslands in Africa|4|calf|hums|900|n|-|
  is the tallest animal on Earth;has a long dark tongue;has a very long neck
zebra|zebras|mammal|grass|on grasslands in Africa|4|foal|barks|300|n|-|
  has its own pattern of stripes;lives in a herd;can run very fast
rhinoceros|rhinoceroses|mammal|grass and leaves|in Africa and Asia|4|calf|snorts|1500|n|-|
  has a horn on its nose;has very thick skin;cannot see very well
hippopotamus|hippopotamuses|mammal|grass|in rivers and lakes in Africa|4|calf|grunts|1500|n|-|
  stays in the water during the day;has a huge mouth;eats at night
camel|camels|mammal|grass, leaves and thorny plants|in deserts|4|calf|grumbles|500|n|-|
  stores fat in its hump;can go without water for many days;has long eyelashes against the sand
deer|deer|mammal|grass, leaves and buds|in forests and meadows|4|fawn|grunts|80|n|y|
  can run very fast;has very good ears;is very shy
kangaroo|kangaroos|mammal|grass and leaves|in Australia|4|joey|grunts|50|n|-|
  moves by hopping;has a strong tail;has big back feet
koala|koalas|mammal|eucalyptus leaves|in trees in Australia|4|joey|bellows|9|n|-|
  sleeps for most of the day;hardly ever drinks;has strong claws for climbing
panda|pandas|mammal|bamboo|in mountain forests in China|4|cub|bleats|100|n|-|
  spends most of the day eating;is black and white;is a good climber
monkey|monkeys|mammal|fruit, leaves and insects|in warm forests|-|infant|chatters|7|n|-|
  is good at climbing;often lives in a group called a troop;can hold things with its hands
gorilla|gorillas|mammal|leaves, stems and fruit|in forests in Africa|-|infant|grunts|150|n|n|
  beats its chest;builds a nest for the night;lives in a family group
bat|bats|mammal|insects or fruit|in caves and hollow trees|2|pup|squeaks|0.02|y|-|
  sleeps upside down;is most active at night;has wings made of thin skin
blue whale|blue whales|mammal|krill|in the ocean|0|calf|sings|100000|n|y|
  is the largest animal on Earth;breathes air through a blowhole;has flippers
dolphin|dolphins|mammal|fish and squid|in the ocean|0|calf|clicks and whistles|200|n|y|
  lives in a group called a pod;is very playful;breathes air through a blowhole
seal|seals|mammal|fish|on coasts and in the sea|0|pup|barks|100|n|y|
  has a thick layer of fat;has flippers;can stay under water for a long time
walrus|walruses|mammal|clams|on the ice of the Arctic|0|calf|bellows|1000|n|y|
  has two long tusks;has flippers;has stiff whiskers
frog|frogs|amphibian|insects|near ponds|4|tadpole|croaks|0.03|n|y|
  can live in water and on land;catches food with a sticky tongue;can jump far
toad|toads|amphibian|insects, worms and slugs|in gardens and woods|4|tadpole|croaks|0.08|n|y|
  has dry and bumpy skin;is most active at night;lays its eggs in water
newt|newts|amphibian|insects and worms|in ponds and damp places|4|eft||0.01|n|y|
  can grow a lost leg again;has a long tail;lays its eggs in water
tortoise|tortoises|reptile|grass and leaves|in warm and dry places|4|hatchling|hisses|10|n|n|
  carries a hard shell;can live for a very long time;walks slowly
sea turtle|sea turtles|reptile|jellyfish and sea grass|in warm seas|-|hatchling||120|n|y|
  has a hard shell;lays its eggs in the sand;swims with flippers
snake|snakes|reptile|mice, eggs and frogs|in forests, deserts and fields|0|snakelet|hisses|1|n|-|
  smells with its tongue;sheds its skin;swallows its food whole
lizard|lizards|reptile|insects|in warm and dry places|4|hatchling||0.05|n|-|
  warms itself in the sun;can often lose its tail to escape;has dry skin with scales
crocodile|crocodiles|reptile|fish and other animals|in warm rivers|4|hatchling|growls|400|n|y|
  has very strong jaws;lays eggs;has thick skin with scales
shark|sharks|fish|fish and other sea animals|in the ocean|0|pup||300|n|y|
  breathes with gills;grows new teeth all its life;has a very good nose
salmon|salmon|fish|insects and small fish|in rivers and the sea|0|fry||5|n|y|
  swims up rivers to lay its eggs;can jump over small waterfalls;breathes with gills
trout|trout|fish|insects and small fish|in clear rivers and lakes|0|fry||1|n|y|
  has small spots on its skin;breathes with gills;likes cold water
goldfish|goldfish|fish|plants and small insects|in ponds and tanks|0|fry||0.1|n|y|
  has shiny orange scales;breathes with gills;has no eyelids
seahorse|seahorses|fish|tiny shrimps|in warm seas|0|fry||0.01|n|y|
  swims upright;holds on to plants with its tail;has a head like a horse
bee|bees|insect|nectar and pollen|in hives and nests|6|larva|buzzes|0.0001|y|n|
  carries pollen from flower to flower;has four wings;finds flowers by colour and smell
ant|ants|insect|seeds, insects and sweet juice|in nests with many others|6|larva||0.000005|-|-|
  can carry things much heavier than itself;lives in a large colony;follows trails of scent
butterfly|butterflies|insect|nectar|in gardens and meadows|6|caterpillar||0.0003|y|n|
  tastes with its feet;has four wings with tiny scales;changes its form in a chrysalis
ladybird|ladybirds|insect|small insects|in gardens and meadows|6|larva||0.00003|y|n|
  often has black spots on its back;helps gardeners;can fold its wings under a hard cover
grasshopper|grasshoppers|insect|grass and leaves|in meadows|6|nymph|chirps|0.0005|y|-|
  can jump very far;has strong back legs;has ears on its belly
dragonfly|dragonflies|insect|flying insects|near ponds and rivers|6|nymph||0.0006|y|-|
  has four clear wings;has very big eyes;can fly backwards
spider|spiders|arachnid|insects|in webs, gardens and houses|8|spiderling||0.0005|n|-|
  spins silk;often has eight eyes;feels its food shaking the web
scorpion|scorpions|arachnid|insects and spiders|in warm and dry places|8|scorpling||0.02|n|-|
  has a sting at the end of its tail;has two strong claws;carries its young on its back
crab|crabs|crustacean|plants and small animals|on coasts and in the sea|10|larva||0.5|n|-|
  often walks sideways;has two strong claws;has a hard shell
lobster|lobsters|crustacean|crabs, clams and worms|on the sea floor|10|larva||1|n|-|
  has two big claws;sheds its shell to grow;has long feelers
snail|snails|mollusc|leaves|in gardens and woods|0|hatchling||0.02|n|n|
  carries its shell on its back;moves on a trail of slime;pulls back into its shell when it is afraid
octopus|octopuses|mollusc|crabs and clams|in the ocean|0|hatchling||5|n|y|
  has eight arms and three hearts;can change its colour;is very clever
earthworm|earthworms|worm|dead leaves|in the soil|0|hatchling||0.004|n|n|
  makes the soil better;has no eyes;breathes through its skin
"""
NUMS = {0: "no", 2: "two", 4: "four", 6: "six", 8: "eight", 10: "ten"}
INSTEAD = {
    "seal": "{one} moves with flippers",
    "dolphin": "{one} has flippers and a tail",
    "blue whale": "{one} has flippers and a tail",
    "walrus": "{one} has flippers",
    "octopus": "{one} has eight arms",
    "snail": "{one} has one broad foot",
    "snake": "{one} moves on its belly",
    "earthworm": "{one} moves by stretching its body",
}
CLASS_FACT = {
    "mammal": "mammals feed their young with milk",
    "bird": "birds have feathers and lay eggs",
    "reptile": "reptiles have dry skin with scales",
    "amphibian": "amphibians live in water and on land",
    "fish": "fish breathe with gills and have fins",
    "insect": "insects have six legs",
    "arachnid": "arachnids have eight legs",
    "crustacean": "crustaceans have a hard shell",
    "mollusc": "molluscs have a soft body",
    "worm": "worms have a long soft body and no legs",
}
CLASSES = "mammal bird reptile amphibian fish insect".split()


def _table():
    out = {}
    for line in TABLE.strip().replace("|\n  ", "|").split("\n"):
        a, p, c, food, home, legs, young, sound, mass, fly, swim, facts = line.split("|")
        v = {
            "a": a,
            "p": p,
            "c": c,
            "food": food,
            "home": home,
            "young": young,
            "sound": sound,
            "mass": float(mass),
            "fly": fly,
            "swim": swim,
            "facts": facts.split(";"),
            "n": None if legs == "-" else int(legs),
            "cf": CLASS_FACT[c],
        }
        v["legs"] = NUMS.get(v["n"], "")
        v["one"] = "a " + a
        v["irregular"] = a not in p
        out[a] = v
    return out


ANIMALS = _table()
NAMES = list(ANIMALS)

# Questions and first sentences, for one and for many.
EAT = (
    ["what does {one} eat?", "what is the food of {one}?", "what does {one} like to eat?"],
    ["{one} eats {food}."],
    ["what do {p} eat?", "what do {p} feed on?", "what do {p} like to eat?", "can you tell me what {p} eat?"],
    ["{p} eat {food}.", "{p} feed on {food}."],
)
LIVE = (
    ["where does {one} live?", "where can I find {one}?", "where is the home of {one}?"],
    ["{one} is at home {home}.", "you can find {one} {home}."],
    [
        "where do {p} live?",
        "where can I find {p}?",
        "where are {p} at home?",
        "can you tell me where {p} live?",
    ],
    ["{p} live {home}.", "you can find {p} {home}."],
)
YOUNG = (
    [
        "what is a baby {a} called?",
        "what do you call a baby {a}?",
        "what is the name for a young {a}?",
        "what is the young of {one} called?",
    ],
    ["a [baby|young] {a} is called a {young}.", "the young of {one} is called a {young}."],
)
COUNT = (
    ["how many legs does {one} have?", "what number of legs does {one} have?"],
    ["{one} has {legs} legs."],
    ["how many legs do {p} have?", "can you tell me how many legs {p} have?"],
    ["{p} have {legs} legs."],
)
SOUND = (
    ["what sound does {one} make?", "what noise does {one} make?", "how does {one} sound?"],
    ["{one} {sound}."],
)
FLY = (
    ["can {one} fly?", "is {one} able to fly?"],
    ["yes, {one} can fly.", "no, {one} cannot fly."],
    ["can {p} fly?", "do {p} fly?", "are {p} able to fly?"],
    ["yes, {p} can fly.", "no, {p} cannot fly."],
)
SWIM = (
    ["can {one} swim?", "is {one} able to swim?"],
    ["yes, {one} can swim.", "no, {one} cannot swim."],
    ["can {p} swim?", "are {p} able to swim?"],
    ["yes, {p} can swim.", "no, {p} cannot swim."],
)
WHAT = (
    [
        "what kind of animal is {one}?",
        "what is {one}?",
        "which group of animals does {one} belong to?",
        "to which class does {one} belong?",
    ],
    ["{one} is {ac}."],
    ["what kind of animals are {p}?", "what are {p}?", "which group of animals do {p} belong to?"],
    ["{p} are {cs}."],
)
ISIT = (
    ["is {one} {ax}?"],
    ["yes, {one} is {ac}.", "no, {one} is not {ax}. {one} is {ac}."],
    ["are {p} {xs}?"],
    ["yes, {p} are {cs}.", "no, {p} are not {xs}. {p} are {cs}."],
)
TELL = (
    [
        "tell me about the {a}.",
        "what do you know about the {a}?",
        "describe the {a}.",
        "what is special about {one}?",
        "tell me [something|a fact] about the {a}.",
        "explain what {one} is.",
    ],
    ["the {a} is {ac}.", "{one} is {ac}."],
    [
        "tell me about {p}.",
        "tell me [something|a fact|more] about {p}.",
        "what can you tell me about {p}?",
        "do you know anything about {p}?",
        "what do you know about {p}?",
        "I want to [know|learn] more about {p}.",
        "I like {p}. tell me about them.",
        "write [something|a few sentences] about {p}.",
    ],
    ["{p} are {cs}."],
)
PLURAL_CLASS = {"fish": "fish"}
BIGGER = [
    "which is [bigger|larger], {o1} or {o2}?",
    "which animal is [bigger|larger], {o1} or {o2}?",
    "is {o1} bigger than {o2}?",
    "are {p1} bigger than {p2}?",
    "who is bigger, {o1} or {o2}?",
    "which is [heavier|smaller], {o1} or {o2}?",
    "compare the size of {o1} and {o2}.",
]
COMPARE = [
    "compare {o1} and {o2}.",
    "compare {p1} and {p2}.",
    "what is the difference between {o1} and {o2}?",
    "how are {p1} and {p2} different?",
    "how is {o1} different from {o2}?",
]
MORELEGS = ["which has more legs, {o1} or {o2}?", "who has more legs, {o1} or {o2}?"]


def _ac(c):
    return ("an " if c[0] in "aeiou" else "a ") + c


def _cs(c):
    return PLURAL_CLASS.get(c, c + "s")


def _pair(r):
    return tuple(sorted(r.sample(NAMES, 2)))


def _two(r, held):
    a, b = draw(r, held, _pair)
    if r.random() < 0.5:
        a, b = b, a
    x, y = ANIMALS[a], ANIMALS[b]
    k = r.random()
    ratio = x["mass"] / y["mass"]
    v = {"o1": x["one"], "o2": y["one"], "p1": x["p"], "p2": y["p"], "a1": a, "a2": b}
    if k < 0.5 and not 0.34 < ratio < 3 and "snake" not in (a, b):
        ask = fill(r, r.choice(BIGGER), None, False)
        big, small = (x, y) if ratio > 1 else (y, x)
        much = "much " if max(ratio, 1 / ratio) > 20 else ""
        many = "{p1}" in ask
        if "smaller" in ask:
            big, small, word = small, big, "smaller"
        else:
            word = next((w for w in ("heavier", "larger") if w in ask), "bigger")
        v["B"], v["S"] = (big["p"], small["p"]) if many else (big["one"], small["one"])
        v["be"] = "are" if many else "is"
        first = "{B} {be} " + much + word + " than {S}."
        if ask.startswith(("is", "are")):
            first = ("yes, " if big is x else "no, ") + first
        text = first + (
            f" the {a} and the {b} are both {_cs(x['c'])}."
            if x["c"] == y["c"]
            else f" the {a} is {_ac(x['c'])}, and the {b} is {_ac(y['c'])}."
        )
    elif k < 0.62 and x["n"] is not None and y["n"] is not None and x["n"] != y["n"]:
        ask = r.choice(MORELEGS)
        more, less = (x, y) if x["n"] > y["n"] else (y, x)
        text = (
            f"{more['one']} has more legs than {less['one']}. {more['one']} has {more['legs']} legs, and"
            f" {less['one']} has {less['legs']} legs."
        )
    elif k < 0.75:
        c = x["c"]
        ask = r.choice(["are {p1} and {p2} both " + _cs(c) + "?", "are both {o1} and {o2} " + _cs(c) + "?"])
        one, two = ("{p1}", "{p2}") if "{p1}" in ask else ("{o1}", "{o2}")
        many = "{p1}" in ask
        if y["c"] == c:
            text = f"yes, {one} and {two} are both {_cs(c)}. {CLASS_FACT[c]}."
        elif many:
            text = f"no. {one} are {_cs(c)}, but {two} are {_cs(y['c'])}. {CLASS_FACT[c]}."
        else:
            text = f"no. {one} is {_ac(c)}, but {two} is {_ac(y['c'])}. {CLASS_FACT[c]}."
    else:
        ask = r.choice(COMPARE)
        if "{p1}" in ask:
            first = (
                f"{x['p']} and {y['p']} are both {_cs(x['c'])}."
                if x["c"] == y["c"]
                else f"{x['p']} are {_cs(x['c'])}, but {y['p']} are {_cs(y['c'])}."
            )
        else:
            first = (
                f"the {a} and the {b} are both {_cs(x['c'])}."
                if x["c"] == y["c"]
                else f"the {a} is {_ac(x['c'])}, but the {b} is {_ac(y['c'])}."
            )
        text = first + f" {x['p']} live {x['home']}, and {y['p']} live {y['home']}."
        if x["food"] != y["food"] and r.random() < 0.6:
            text += f" {x['p']} eat {x['food']}, but {y['p']} eat {y['food']}."
    if len(text.split()) < 40:
        text += " the {a1} " + r.choice(x["facts"]) + ", and the {a2} " + r.choice(y["facts"]) + "."
    answer = fill(r, text, v)
    yesno = answer.startswith(("Yes", "No"))
    return Item(
        fill(r, ask, v),
        answer,
        None if yesno else answer,
        (
            x["p"] if x["irregular"] and "{p1}" in ask else a,
            y["p"] if y["irregular"] and "{p2}" in ask else b,
        ),
    )


def make(r, held=False):
    k = r.random()
    if held is True or k < 0.25:
        return _two(r, held)
    v = ANIMALS[r.choice(NAMES)]
    pick, rnd = r.choice, r.random
    c = v["c"]
    w = {
        "one": v["one"],
        "a": v["a"],
        "p": v["p"],
        "food": v["food"],
        "home": v["home"],
        "young": v["young"],
        "sound": v["sound"],
        "legs": v["legs"],
        "ac": _ac(c),
        "cs": _cs(c),
    }
    no, more, key = 0, None, None
    if k < 0.45:
        topic, key = TELL, "tell"
    elif k < 0.53:
        topic, more = EAT, ["{p} live {home}."]
    elif k < 0.61:
        topic, more = LIVE, ["{p} eat {food}."]
    elif k < 0.68:
        topic, more = YOUNG, ["{p} eat {food}.", "{p} live {home}."]
    elif k < 0.75 and v["n"] is not None:
        topic, more = COUNT, ["{one} is {ac}."]
        if v["a"] in INSTEAD:
            more = [INSTEAD[v["a"]] + "."]
        elif v["n"] > 4 and c != "crustacean":
            more = [v["cf"] + "."]
    elif k < 0.80 and v["sound"]:
        topic, more = SOUND, ["{one} is {ac}.", "a [baby|young] {a} is called a {young}."]
    elif k < 0.86 and v["fly"] != "-":
        topic, no = FLY, v["fly"] == "n"
        more = ["{one} is {ac}.", "{p} live {home}."]
        if v["a"] in ("penguin", "ostrich", "emu"):
            more = ["{one} is a bird, but its wings are too small for flying."]
    elif k < 0.90 and v["swim"] != "-":
        topic, no = SWIM, v["swim"] == "n"
        more = ["{p} live {home}."]
    elif k < 0.95:
        x = c if rnd() < 0.5 and c in CLASSES else pick(CLASSES)
        w["ax"], w["xs"] = _ac(x), _cs(x)
        topic, no, more = ISIT, x != c, [v["cf"] + "."]
    else:
        topic, more = WHAT, [v["cf"] + ".", "{p} live {home}."]
    many = len(topic) > 2 and rnd() < 0.5
    ask = pick(topic[2 if many else 0])
    first = topic[3 if many else 1]
    first = first[no] if topic in (FLY, SWIM, ISIT) else pick(first)
    facts = v["facts"]
    if key:
        say = [
            "{p} live {home}.",
            "{p} eat {food}.",
            "a [baby|young] {a} is called a {young}.",
            *["[a|the] {a} " + f + "." for f in facts],
        ]
        if v["n"]:
            say.append("{one} has {legs} legs.")
        if v["sound"]:
            say.append("the {a} " + v["sound"] + ".")
        parts = [first, *r.sample(say, r.randint(4, 5))]
    else:
        parts = [first, pick(more), *["[a|the] {a} " + f + "." for f in r.sample(facts, 3)]]
        if sum([x.count(" ") for x in parts[:4]]) > 18:
            parts.pop()
    answer = fill(r, " ".join(parts), w)
    ask = fill(r, ask, w)
    mention = v["p"] if many and v["irregular"] else v["a"]
    return Item(ask, answer, answer if answer[:3] not in ("Yes", "No,") else None, (mention,))
