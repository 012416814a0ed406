"""Word lists that several domains use."""

# --------------------------------------------------------------------------
# Word lists
# --------------------------------------------------------------------------
GIRLS = """Mia Nora Lily Ruby Anna Clara Elsie Flora Greta Hazel Ida Ivy Juno Kira Lena Luna Maya Nell
Olive Penny Rosa Sadie Tess Una Vera Willa Zoe Amy Bella Daisy Emma Fern Grace Holly""".split()
BOYS = """Ben Tom Leo Max Sam Finn Hugo Oscar Theo Jack Milo Noah Otto Pip Ravi Rory Silas Toby Wes
Abe Carl Dan Eli Felix Gus Henry Ian Jonas Kai Luke Ned Owen Paul Rex""".split()
SPECIES = """fox rabbit bear mouse owl hedgehog squirrel badger otter deer frog turtle duck goose cat dog
goat lamb pony donkey pig hen crow sparrow swan beaver mole bat wolf lion elephant monkey penguin seal
snail bee ant butterfly ladybug cricket lizard koala kangaroo panda tiger zebra giraffe raccoon robin
dragon robot""".split()
PEOPLE = {"girl": "f", "boy": "m", "queen": "f", "king": "m", "princess": "f", "prince": "m",
          "baker": "", "sailor": "", "gardener": "", "painter": "", "shepherd": "", "farmer": "",
          "tailor": "", "miller": "", "wizard": "m", "knight": "", "clockmaker": "", "gentle giant": ""}
TRAITS = """brave shy kind clever curious cheerful quiet gentle careful stubborn playful sleepy proud hopeful
patient small young lonely friendly busy merry thoughtful honest lively""".split()
# object -> (adjectives, what it is good for)
OBJECTS = {
    "lantern": ("bright golden old little", "to light the dark path"),
    "kite": ("red paper long-tailed bright", "to play with the wind"),
    "drum": ("round loud wooden little", "to call everyone together"),
    "map": ("old folded torn secret", "to find the way"),
    "key": ("silver rusty tiny golden", "to open the old door"),
    "boat": ("small blue wooden little", "to cross the water"),
    "bell": ("silver tiny shiny brass", "to ring out a happy tune"),
    "basket": ("woven big round straw", "to carry ripe apples"),
    "blanket": ("warm soft woollen green", "to keep everyone warm"),
    "book": ("thick old blue picture", "to learn new things"),
    "button": ("round shiny red wooden", "to fix a torn coat"),
    "compass": ("brass old trusty small", "to find the north"),
    "flute": ("wooden silver thin little", "to play a sweet song"),
    "hat": ("tall green floppy woollen", "to keep off the rain"),
    "ladder": ("long wooden tall wobbly", "to reach the highest branch"),
    "letter": ("folded secret long pale", "to send good news"),
    "mirror": ("small round shiny old", "to catch the sunlight"),
    "necklace": ("pretty pearl blue silver", "to make grandmother smile"),
    "pebble": ("smooth white round lucky", "to remember a happy day"),
    "pillow": ("soft fluffy big yellow", "to rest a tired head"),
    "rope": ("long strong thick old", "to pull things up the hill"),
    "scarf": ("long striped warm red", "to keep out the cold"),
    "shell": ("pink curly smooth pearly", "to hear the sound of the sea"),
    "spoon": ("wooden big silver long", "to stir the soup"),
    "teapot": ("round blue chipped little", "to make tea for friends"),
    "umbrella": ("yellow big striped old", "to stay dry in the rain"),
    "violin": ("small old brown fine", "to play slow music"),
    "wagon": ("red wooden little squeaky", "to carry heavy pumpkins"),
    "whistle": ("tin loud little silver", "to call for help"),
    "cake": ("sweet tall honey round", "to share with the whole village"),
    "candle": ("tall white little warm", "to brighten the room"),
    "clock": ("old ticking tall brass", "to know when to come home"),
    "coat": ("warm blue heavy patched", "to stay warm in the snow"),
    "crown": ("golden paper shiny tiny", "to play kings and queens"),
    "feather": ("white long soft blue", "to write a letter"),
    "flower": ("purple small bright lovely", "to cheer up a sad friend"),
    "glove": ("woollen lost red small", "to keep one paw warm"),
    "jar": ("glass tall little honey", "to keep the berries fresh"),
    "ball": ("red bouncy round striped", "to play in the meadow"),
    "seed": ("tiny round brown strange", "to grow something new"),
    "star": ("shiny paper fallen silver", "to make a wish"),
    "stone": ("smooth grey heavy magic", "to hold the door open"),
    "telescope": ("long brass old fine", "to look at the moon"),
    "tent": ("small green striped cosy", "to sleep under the stars"),
    "broom": ("old long straw magic", "to sweep the floor"),
    "bucket": ("tin big blue leaky", "to carry water from the well"),
    "puppet": ("wooden funny painted little", "to make the children laugh"),
    "ribbon": ("blue silk long pretty", "to tie up a gift"),
    "sled": ("fast wooden red little", "to slide down the snowy hill"),
}
PLACES = """in the forest|in the village|in a quiet valley|by the riverside|near the harbour|on a green meadow|near the old mill|in the hills
at the edge of the lake|under a tall tree|in the castle garden|in a cosy cottage|in the orchard|at the seaside|in the market town
in a mossy hollow|high in the mountains|on a windy island|on the farm|at the foot of a mountain|in a busy city|in the pine woods
in the old lighthouse|in a little red house|at the end of a winding road""".replace("\n", "|").split("|")
SPOTS = """the old oak tree|the stone bridge|the well|the garden gate|the river bank|the barn|the hollow log
the tall grass|the little shop|the willow tree|the mill pond|the hill|the bakery|the blackberry bush|the old wall
the wooden pier|the windmill|the apple tree|the crossroads|the rose garden""".replace("\n", "|").split("|")
SEASONS = "spring summer autumn winter".split()
FOODS = """warm soup|fresh bread|honey cakes|blueberry pie|apple tart|hot cocoa|roasted nuts|sweet plums|buttered toast
ginger biscuits|mushroom stew|pancakes|berries and cream|carrot cake|cheese and crackers""".replace("\n", "|").split("|")
COLORS = "red blue green yellow purple orange white black brown pink grey golden silver".split()


def person(r, kind=None):
    """A character: name, species or trade, and agreeing pronouns."""
    if kind is None:
        kind = r.choice(SPECIES) if r.random() < 0.72 else r.choice(list(PEOPLE))
    sex = PEOPLE.get(kind) or r.choice("fm")
    name = r.choice(GIRLS if sex == "f" else BOYS)
    return dict(name=name, kind=kind, he="she" if sex == "f" else "he", him="her" if sex == "f" else "him",
                his="her" if sex == "f" else "his", himself="herself" if sex == "f" else "himself")

