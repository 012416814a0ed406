"""Travel: the way from one town to another, what to see in a town, what to pack."""

from .templates import Item, draw, fill, join_and
from .weather import DAYS, TOWNS
from .words import OBJECTS

SIGHTS = """the old castle|the fish market|the botanical garden|the clock tower|the harbour|the art museum
the long beach
the stone church|the lighthouse|the river path|the spice market|the glass bridge|the town square
the mountain railway
the hot spring|the ruin on the hill|the windmill|the toy museum|the rose garden|the old mill|the city wall
the puppet theatre
the boat museum|the palm house|the zoo|the town hall|the flower market|the water tower""".replace(
    "\n", "|"
).split(
    "|"
)
FOODS = """tomato soup|fish pie|mushroom stew|fresh bread|blueberry pancakes|apple tart|cheese toast
pumpkin soup|honey cake
fried fish|carrot cake|potato salad|plum cake|onion soup""".replace(
    "\n", "|"
).split(
    "|"
)
RIDES = "train bus ferry coach tram".split()
LONG = "half an hour|one hour|two hours|three hours|four hours|five hours".split("|")
HOURS = {"train": LONG, "bus": LONG[:4], "ferry": LONG, "coach": LONG[1:], "tram": LONG[:2]}
# an interest: (how it is asked for, three or four sights)
LIKES = {
    "art": "the art museum|the painted church|the sculpture garden|the gallery by the river",
    "history": "the old castle|the city wall|the history museum|the ruin on the hill",
    "nature": "the botanical garden|the forest path|the lake|the waterfall",
    "music": "the concert hall|the opera house|the music museum|the bandstand in the park",
    "food": "the fish market|the spice market|the old bakery|the cheese shop",
    "books": "the old library|the book market|the printing museum|the little bookshop",
    "animals": "the zoo|the bird park|the aquarium|the butterfly house",
    "boats": "the harbour|the boat museum|the lighthouse|the shipyard",
    "trains": "the railway museum|the old station|the mountain railway|the model train hall",
    "flowers": "the rose garden|the flower market|the palm house|the tulip garden",
    "gardens": "the rose garden|the botanical garden|the castle garden|the herb garden",
    "castles": "the old castle|the castle on the hill|the castle garden|the knights' hall",
}
LIKES = {k: v.split("|") for k, v in LIKES.items()}
INTERESTS = list(LIKES)
# Sights with a door, which open and close.
OPEN = {
    s
    for s in SIGHTS + sum(LIKES.values(), [])
    if any(
        w in s
        for w in (
            "museum",
            "market",
            "theatre",
            "zoo",
            "hall",
            "library",
            "gallery",
            "house",
            "garden",
            "shop",
            "aquarium",
            "bakery",
            "castle",
        )
    )
}
# a kind of trip: what to pack
TRIPS = {
    "beach": "a swimsuit|a towel|sun cream|a sun hat|sandals|a bottle of water|sunglasses",
    "winter": "a thick coat|warm gloves|a woollen hat|winter boots|a scarf|warm socks",
    "walking": "strong shoes|a map|a bottle of water|a raincoat|a sandwich|warm socks",
    "camping": "a tent|a sleeping bag|a torch|matches|a warm sweater|a cooking pot",
    "fishing": "a fishing rod|rubber boots|a raincoat|a bucket|a folding chair|a flask of tea",
    "cycling": "a helmet|a pump|a bottle of water|a rain jacket|gloves|a map",
    "sailing": "a life jacket|a windproof jacket|soft shoes|sunglasses|sun cream|a long rope",
    "skiing": "ski boots|warm gloves|a helmet|thick socks|a warm jacket|goggles",
    "school": "a notebook|a pencil|a sandwich|a bottle of water|a rain jacket|a small rucksack",
    "business": "a clean shirt|a notebook|a pen|good shoes|a jacket|a phone charger",
}
TRIPS = {k: v.split("|") for k, v in TRIPS.items()}
KINDS = list(TRIPS)
BASICS = (
    "a toothbrush|clean clothes|some money|warm socks|a raincoat|a bottle of water|a good book|your ticket|a"
    " phone charger".split("|")
)
THINGS = {
    k: v[1]
    for k, v in OBJECTS.items()
    if k
    in "lantern kite drum compass basket blanket flute hat umbrella violin whistle telescope tent scarf sled"
    " rope ball".split()
}
THINGS["camera"] = "to take pictures"
THINGS["guitar"] = "to play songs in the evening"
THINGS["football"] = "to play on the beach"
THINGS["blanket"] = "to sit on the grass"
THINGS["rope"] = "to hang up wet clothes"
THINGS["drum"] = "to make music with friends"
THINGS["map"] = "to find the way"
GOODS = list(THINGS)

WAY_ASK = [
    "how do I get from {a} to {b}?",
    "how do I get from {a} to {b}?",
    "how can I [get|go|travel] from {a} to {b}?",
    "what is the best way [to travel |to go |]from {a} to {b}?",
    "I am in {a} and want to [go to|visit] {b}. [how do I get there|what should I do]?",
    "how do I get to {b} from {a}?",
    "I want to [go|travel] from {a} to {b}. [can you help me|how do I get there]?",
    "can you tell me the way from {a} to {b}?",
    "[tell|show] me how to get from {a} to {b}.",
    "plan a trip from {a} to {b}.",
    "which way is best from {a} to {b}?",
]
WAY = [
    "to get from {a} to {b}, take the {how}.",
    "the best way from {a} to {b} is by {how}.",
    "you can [go|travel] from {a} to {b} by {how}.",
    "a {how} [runs|goes] from {a} to {b} [every hour|twice a day|every morning].",
    "take the {how} from {a} to {b}.",
]
RIDE_ASK = [
    "can I [take|catch] {ahow} from {a} to {b}?",
    "is there {ahow} from {a} to {b}?",
    "does {ahow} go from {a} to {b}?",
    "I want to take {ahow} from {a} to {b}. is that possible?",
]
RIDE = [
    "yes, you can take the {how} from {a} to {b}.",
    "yes, there is a {how} from {a} to {b} [every hour|twice a day|every morning].",
    "yes, a {how} goes from {a} to {b} [every hour|twice a day|every morning].",
]
LONG_ASK = [
    "how long does the {how} take from {a} to {b}?",
    "how long is the trip from {a} to {b} by {how}?",
    "how much time does the {how} from {a} to {b} take?",
]
LONG_TELL = [
    "the {how} from {a} to {b} takes [about|around|nearly] {h}.",
    "by {how}, the trip from {a} to {b} takes [about|around|nearly] {h}.",
]
COST_ASK = [
    "how much is a {how} ticket from {a} to {b}?",
    "what does the {how} from {a} to {b} cost?",
    "how much does the {how} from {a} to {b} cost?",
]
COST_TELL = [
    "a {how} ticket from {a} to {b} costs {price} coins.",
    "the {how} from {a} to {b} costs {price} coins.",
]
TAKES = [
    "the trip takes [about|around|nearly] {h} and costs {price} coins.",
    "the {how} to {b} takes [about|around|nearly] {h}, and a ticket costs {price} coins.",
]
LEAVES = [
    "the {how} leaves {a} at {n} in the morning.",
    "the first {how} leaves {a} at {n} in the morning.",
    "the {how} leaves from the [old|small|main] {stop} in {a}.",
]
VIEW = [
    "sit by the window, because [the view of the valley is lovely|the hills are beautiful].",
    "sit on the [left|right] side, because you will see [the sea|the mountains].",
    "",
    "",
]
THERE = [
    "in {b}, start with {s1}.",
    "once you [arrive in|reach] {b}, visit {s1}.",
    "in {b}, do not miss {s1}.",
    "when you are in {b}, go and see {s1}.",
]
BACK = [
    "the last {how} back to {a} leaves at {m} in the evening.",
    "have a [good|safe|nice] trip to {b}!",
    "enjoy your trip to {b}!",
    "",
]

SEE_ASK = [
    "what can I [see|do|visit] in {b}?",
    "what should I [see|visit] in {b}?",
    "what is there to see in {b}?",
    "can you plan a [day|trip|weekend] in {b}?",
    "tell me what to see in {b}.",
    "I am in {b} for [one day|two days]. what should I see?",
    "which sights are there in {b}?",
    "I am in {b} on {day}. what should I see?",
    "what can I do in {b} on {day}?",
]
LIKE_ASK = [
    "what can I [see|do] in {b} if I like {x}?",
    "I like {x}. what [should I see|can I see] in {b}?",
    "what is there in {b} for [people|children] who like {x}?",
    "I am going to {b}, and I love {x}. what should I [see|visit]?",
    "where should I go in {b} if I love {x}?",
]
SEE = [
    "in {b}, start with {s1}.",
    "in {b} you can see {s1}, {s2} and {s3}.",
    "the best sights in {b} are {s1} and {s2}.",
    "when you are in {b}, visit {s1} first.",
]
LIKE = [
    "if you like {x}, visit {s1} in {b}.",
    "for {x}, the best place in {b} is {s1}.",
    "people who like {x} should see {s1} in {b}.",
    "in {b} there is much to see if you like {x}. start with {s1}.",
]
WHAT = [
    (
        "{s1} is [famous all over the country|a favourite with children|the pride of {b}|open until {m} in"
        " the evening]."
    ),
    "{s1} opens at {n} in the morning.",
    "",
]
SHUT = {
    WHAT[0]: "{s1} is [famous all over the country|a favourite with children|the pride of {b}].",
    WHAT[1]: "many people come to see {s1}.",
}
NEXT = [
    "after that, walk to {s2}[| and take a few pictures| and rest for a while].",
    "then go to {s2}, which is open until {m} in the evening.",
    "from there it is a short walk to {s2}.",
]
EAT = [
    "for lunch in {b}, try the {food} [in a small cafe|at the market|near the station].",
    "if you are hungry, try the {food} [at the market|near {s2}].",
]
THIRD = ["if you have time, [see|go and see] {s3} too.", "before you leave {b}, visit {s3}.", ""]
ENDS = [
    "{b} is quiet on {day}s.",
    "most visitors stay in {b} for [two|three] nights.",
    "enjoy your [time|stay] in {b}!",
    "",
]

PACK_ASK = [
    "what should I [pack|take] for a {k} trip to {a}?",
    "I am going on a {k} trip to {a}. what should I [pack|take]?",
    "what do I need for a {k} trip to {a}?",
    "help me pack for a {k} trip to {a}.",
    "make a packing list for a {k} trip to {a}.",
]
PACK = [
    "for a {k} trip to {a}, pack {list}.",
    "for your {k} trip to {a}, take {list}.",
    "on a {k} trip to {a} you need {list}.",
]
PACK_LIST = [
    "here is a packing list for a {k} trip to {a}:\n- {lines}",
    "for a {k} trip to {a}, pack these things:\n- {lines}",
]
WITH_ASK = [
    "I am going to {a} with {athing}. what else should I pack?",
    "I want to take {athing} to {a}. what else do I need?",
    "what should I pack for a trip to {a} with {athing}?",
    "can I take {athing} to {a}?",
    "should I take {athing} on my trip to {a}?",
]
WITH = [
    "[yes, take|take] the {thing} to {a}. you can use the {thing} {use}.",
    "{Athing} is a good thing to take to {a}. you can use the {thing} {use}.",
    "yes, take {athing} to {a}. a {thing} is useful {use}.",
]
ALSO = ["you should also pack {list}.", "for {a} you also need {list}.", "besides the {thing}, pack {list}."]
CARE = [
    "[put|keep] the {thing} [at the top|in the middle] of your bag.",
    "pack the {thing} [carefully|last].",
    "",
]
BAG = [
    "put the heavy things at the bottom of the bag.",
    "keep your ticket to {a} in a side pocket.",
    "roll up your clothes to save space.",
    "have a good trip to {a}!",
    "enjoy your trip to {a}!",
]
STOP = {"train": "station", "ferry": "harbour", "bus": "bus stop", "coach": "bus stop", "tram": "tram stop"}


def _towns(r):
    return tuple(sorted(r.sample(TOWNS, 2)))


def _liking(r):
    return r.choice(TOWNS), r.choice(INTERESTS)


def _packing(r):
    return r.choice(TOWNS), r.choice(KINDS)


def _taking(r):
    return r.choice(TOWNS), r.choice(GOODS)


def make(r, held=False):
    rnd, pick = r.random, r.choice
    n = r.randint(6, 11)
    how = pick(RIDES)
    v = {
        "how": how,
        "ahow": "a " + how,
        "stop": STOP[how],
        "h": pick(HOURS[how]),
        "price": r.randint(3, 30),
        "n": n,
        "m": r.randint(5, 9),
        "food": pick(FOODS),
        "day": pick(DAYS),
    }
    k = rnd()
    if k < 0.5:
        a, b = draw(r, held, _towns)
        if rnd() < 0.5:
            a, b = b, a
        v["a"], v["b"] = a, b
        v["s1"], v["s2"] = r.sample(SIGHTS, 2)
        noted = [a, b]
        if k < 0.3:
            ask = pick(WAY_ASK)
            parts = [
                pick(WAY),
                pick(TAKES),
                pick(LEAVES),
                pick(VIEW),
                pick(THERE),
                pick((*NEXT[:1], "", "")),
                pick(BACK),
            ]
        else:
            noted.append(how)
            if k < 0.37:
                ask, parts = pick(RIDE_ASK), [pick(RIDE), pick(TAKES), pick(LEAVES), pick(THERE), pick(BACK)]
            elif k < 0.44:
                ask, parts = pick(LONG_ASK), [
                    pick(LONG_TELL),
                    pick(COST_TELL),
                    pick(LEAVES),
                    pick(VIEW),
                    pick(BACK),
                ]
            else:
                ask, parts = pick(COST_ASK), [
                    pick(COST_TELL),
                    pick(LONG_TELL),
                    pick(LEAVES),
                    pick(BACK) or BACK[0],
                ]
    elif k < 0.77:
        if held is not True and k < 0.63:
            v["b"] = b = pick(TOWNS)
            v["s1"], v["s2"], v["s3"] = r.sample(SIGHTS, 3)
            noted, ask, first = [b], pick(SEE_ASK), pick(SEE)
            if "{s2}" in first:
                parts = [first, "start with {s1}.", pick(NEXT), pick(EAT), pick(ENDS)]
            else:
                parts = [first, pick(WHAT), pick(NEXT), pick(EAT), pick(THIRD), pick(ENDS)]
            if "{day}" in ask:
                noted.append(v["day"])
                parts[-1] = "have a nice {day} in {b}!"
        else:
            b, x = draw(r, held, _liking)
            v["b"], v["x"] = b, x
            v["s1"], v["s2"], v["s3"] = r.sample(LIKES[x], 3)
            noted, ask = [b, x], pick(LIKE_ASK)
            parts = [pick(LIKE), pick(WHAT), pick(NEXT), pick((*EAT, "")), pick(THIRD)]
            if not parts[-1]:
                parts[-1] = pick(ENDS[1:3])
    elif k < 0.89:
        a, kind = draw(r, held, _packing)
        things = r.sample(TRIPS[kind], r.choice((3, 4, 4, 5)))
        v.update(a=a, k=kind, list=join_and(things), lines="\n- ".join(things))
        noted, ask = [a, kind], pick(PACK_ASK)
        if rnd() < 0.4 or ask.startswith("make"):
            parts = [pick(PACK_LIST) + "\n\n" + pick(BAG)]
        else:
            parts = [pick(PACK), *r.sample(BAG[:3], 2), pick(BAG[3:])]
    else:
        a, thing = draw(r, held, _taking)
        basics = [x for x in r.sample(BASICS, 4) if thing not in x][:3]
        v.update(
            a=a,
            thing=thing,
            athing="a " + thing,
            Athing="a " + thing,
            use=THINGS[thing],
            list=join_and(basics),
        )
        noted, ask = [a, thing], pick(WITH_ASK)
        first = pick(WITH)
        if not ask.startswith(("can", "should")):
            first = first.replace("[yes, take|take]", "take").replace("yes, take", "take")
        else:
            first = first.replace("[yes, take|take]", "yes, take")
            if first[0] == "{":
                first = "yes, " + first
        parts = [first, pick(ALSO), pick(CARE), pick(BAG)]
    if "s1" in v:
        if v["s1"] not in OPEN:
            parts = [SHUT.get(p, p) for p in parts]
        if v["s2"] not in OPEN:
            parts = [NEXT[2] if p == NEXT[1] else p for p in parts]
    answer = fill(r, " ".join([p for p in parts if p]), v)
    return Item(fill(r, ask, v), answer, answer if "es, " not in answer[:5] else None, tuple(noted))
