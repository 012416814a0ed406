"""Weather: forecasts for a town and a day, and what to wear or take."""

from .templates import Item, draw, fill

# Invented names, most of them one word.
TOWNS = """Alderby|Brookhaven|Cedarfall|Dunmore|Eastwick|Fairhaven|Greenport|Harrowby|Inverby|Juniper
Kingsford|Larkspur
Millbrook|Norwell|Oakdale|Pinewood|Quarrington|Redcliff|Silverton|Thornfield|Uppermarsh|Valley Cross
Westbridge|Yarrow
Ambleton|Stonegate|Windmere|Fernley|Ashcombe|Birchwood|Copperhill|Dovecote|Elmstead|Foxley|Goldcrest|Hazelmere
Ivybridge|Kestrel Bay|Lakeview|Maplewood|Nettlefold|Otterburn|Plumford|Ravenhill|Saltmarsh|Tidewell
Underhill|Vinebury
Willowby|Yewdale|Applecross|Barnsley Green|Clearwater|Dunwater|Eaglesham|Frostwick|Gullhaven|Heatherton
Highmoor|Hopewell
Lowfield|Marlow Bridge|Mossley|Northaven|Owlsbury|Pebbleton|Rosewell|Sandford|Summerby|Swanmere|Thistledown
Wheatley
Woolcombe|Winterbourne|Bellbrook|Candleford|Hartwell|Longmeadow|Rushton|Starling""".replace(
    "\n", "|"
).split(
    "|"
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
# word: (as a phrase, lowest and highest temperature, what to wear, what to take, what it turns to, an advice)
SKY = {
    "sunny": (
        "bright sunshine|a clear blue sky|plenty of sun",
        17,
        31,
        "a T-shirt and a hat|light clothes and sunglasses|shorts and a sun hat",
        "sun cream|a bottle of water|sunglasses",
        "cloudy|windy",
        "it is a good day for a walk|it is a fine day to be outside",
    ),
    "rainy": (
        "steady rain|light showers|heavy rain",
        7,
        18,
        "a raincoat and rubber boots|a waterproof jacket|a raincoat with a hood",
        "an umbrella|a raincoat",
        "cloudy|windy",
        "it is a good day to stay inside with a book|mind the puddles",
    ),
    "cloudy": (
        "grey clouds|a thick layer of cloud|a dull sky",
        8,
        20,
        "a light jacket|a sweater|a sweater and long trousers",
        "a light jacket|a warm sweater",
        "sunny|rainy|windy",
        "it is a good day to visit a museum|it is a fine day for a long walk",
    ),
    "windy": (
        "strong winds|a fresh breeze from the west|gusts from the north",
        6,
        19,
        "a windproof jacket|a warm scarf and a windproof coat|a thick sweater and a scarf",
        "a scarf|a windproof jacket|a kite",
        "cloudy|rainy",
        "it is a good day to fly a kite|hold on to your hat",
    ),
    "snowy": (
        "light snow|heavy snow|snow showers",
        -8,
        0,
        "a thick coat and winter boots|a warm coat, a hat and gloves|warm gloves and winter boots",
        "warm gloves|a sled|a woollen hat",
        "cloudy|windy",
        "it is a good day to build a snowman|walk carefully on the ice",
    ),
    "foggy": (
        "thick fog|morning mist|patches of fog near the river",
        2,
        12,
        "a bright vest and a warm jacket|a light jacket with bright colours|a warm coat",
        "a torch|a bright vest",
        "cloudy|sunny",
        "drive slowly|take care on the roads",
    ),
    "stormy": (
        "thunder and lightning|a thunderstorm|heavy storms",
        8,
        20,
        "a raincoat and strong shoes|a waterproof coat and boots",
        "a raincoat|a torch",
        "rainy|windy|cloudy",
        "it is best to stay inside|keep away from tall trees",
    ),
    "frosty": (
        "hard frost|ice on the roads|a cold clear sky",
        -9,
        -1,
        "a thick coat and gloves|a woollen hat and a warm coat|a warm scarf and winter boots",
        "warm gloves|a flask of hot tea",
        "sunny|cloudy",
        "walk carefully on the ice|stay warm",
    ),
    "hot": (
        "blazing sunshine|very warm air|a burning sun",
        29,
        37,
        "a thin shirt and a sun hat|light clothes and sandals|shorts and a thin T-shirt",
        "a bottle of water|sun cream",
        "sunny|windy",
        "drink plenty of water|stay in the shade at noon",
    ),
}
SKY = {
    k: (a.split("|"), lo, hi, w.split("|"), t.split("|"), n.split("|"), g.split("|"))
    for k, (a, lo, hi, w, t, n, g) in SKY.items()
}
KINDS = list(SKY)
# What one may take besides what one wears: nothing of the same kind.
BESIDE = {
    w: [
        t
        for t in sky[4]
        if not {x.split()[-1] for x in w.split(" and ")} & {t.split()[-1]}
        and not ("coat" in t and "coat" in w)
        and not ("jacket" in t and ("jacket" in w or "coat" in w))
    ]
    for sky in SKY.values()
    for w in sky[3]
}
assert all(BESIDE.values())
# thing: (the weather it is good for, why)
NEEDS = {
    "an umbrella": ("rainy", "it keeps off the rain"),
    "a raincoat": ("rainy stormy", "it keeps you dry"),
    "sunglasses": ("sunny hot", "they protect your eyes"),
    "sun cream": ("sunny hot", "it protects your skin"),
    "a warm coat": ("snowy frosty", "it keeps out the cold"),
    "gloves": ("snowy frosty", "they keep your hands warm"),
    "a sun hat": ("sunny hot", "it keeps the sun off your head"),
    "winter boots": ("snowy", "they keep your feet warm and dry"),
    "a scarf": ("windy snowy frosty", "it keeps your neck warm"),
    "rubber boots": ("rainy", "they keep your feet dry"),
}
NEEDS = {k: (a.split(), b) for k, (a, b) in NEEDS.items()}
# What is clearly of no use in a kind of weather.
USELESS = {
    "an umbrella": "sunny hot frosty",
    "a raincoat": "sunny hot frosty",
    "sunglasses": "rainy foggy stormy cloudy",
    "sun cream": "rainy foggy stormy snowy",
    "a warm coat": "hot",
    "gloves": "hot sunny",
    "a sun hat": "rainy foggy stormy",
    "winter boots": "hot sunny",
    "a scarf": "hot",
    "rubber boots": "hot sunny",
}
USELESS = {k: a.split() for k, a in USELESS.items()}
THINGS = list(NEEDS)
NOUN = {
    "sunny": "sunshine",
    "rainy": "rain",
    "windy": "wind",
    "snowy": "snow",
    "foggy": "fog",
    "stormy": "storms",
}
NOUNS = list(NOUN)

ASK_DAY = [
    (
        "[what is the weather like|what will the weather be like|how is the weather|how will the weather be]"
        " in {town} {on}?"
    ),
    "what will the weather be in {town} {on}?",
    "[give me|I need|tell me|show me] the [forecast|weather|weather forecast] for {town} {on}.",
    "[what is|do you know] the [forecast|weather forecast] for {town} {on}?",
    "I am going to {town} {on}. [what will the weather be|how will the weather be]?",
    "how will the weather be {on} in {town}?",
    "{on}, I want to visit {town}. what will the weather be like?",
    "what kind of weather can {town} expect {on}?",
    "weather in {town} {on}?",
    "can you tell me the weather [in|for] {town} {on}?",
]
HELLO = [
    "here is the [weather|forecast|weather forecast] for {town} {on}: it will be {s}, with {w}.",
    "the forecast for {town} {on} is {s}, with {w}.",
    "it will be {s} in {town} {on}, with {w}.",
    "{on}, the weather in {town} will be {s}, with {w}.",
    "{on}, {town} can expect {w}. it will be {s}.",
    "{town} will be {s} {on}, with {w}.",
]
MID = [
    "the high in {town} is {t} degrees.",
    "the temperature in {town} [reaches|climbs to|will reach] {t} degrees.",
    "expect about {t} degrees in {town}.",
]
LATER = [
    "in the afternoon it turns {s2}.",
    "later {thatday} it will be {s2} in {town}.",
    "in the afternoon it will be {s2} in {town}.",
    "",
]
WIND = ["the wind is [light|weak].", "winds reach {wind} kilometres per hour.", "", ""]
NIGHT = [
    "at night it cools down to {n} degrees.",
    "[the low|the lowest temperature] at night is {n} degrees.",
    "",
]
TAKE = [
    "[do not forget|remember to bring|it is a good idea to take] {take}.",
    "if you go out in {town}, take {take}.",
    "wear {wear}.",
]
BYE = ["{advice}!", "{advice} in {town}.", "", ""]

WEAR_ASK = [
    "it will be {s} in {town} {on}. what should I [wear|put on]?",
    "what should I wear in {town} {on} [when|if] it is {s}?",
    "the forecast for {town} {on} is {s}. what [should I wear|clothes do I need]?",
    "I will be in {town} {on}, and it will be {s}. what should I wear?",
]
WEAR = [
    "when it is {s} in {town} {on}, wear {wear}.",
    "it will be {s} in {town} {on}, so wear {wear}.",
    "for a {s} day in {town} {on}, [wear|put on] {wear}.",
    "if it is {s} in {town} {on}, you should wear {wear}.",
]
TAKE_ASK = [
    "it will be {s} in {town} {on}. what should I [take|take with me|bring]?",
    "what should I [take|bring|pack] for a {s} day in {town} {on}?",
    "{on} it will be {s} in {town}. what do I need?",
]
TAKEN = [
    "it will be {s} in {town} {on}, so take {take}.",
    "for a {s} day in {town} {on}, take {take}.",
    "when it is {s} in {town} {on}, you need {take}.",
]
MORE = [
    "{s} weather in {town} [often brings|can bring|means] {w}.",
    "expect {w} and about {t} degrees in {town}.",
    "with {w}, {wear2} will help you too.",
    "the temperature in {town} will be about {t} degrees.",
]
NEED_ASK = [
    "it will be {s} in {town} {on}. do I need {thing}?",
    "do I need {thing} in {town} {on}, if it is {s}?",
    "should I take {thing} to {town} {on}? it will be {s}.",
    "the forecast for {town} {on} is {s}. should I take {thing}?",
]
YES = [
    "yes, take {thing}, because it will be {s} in {town} {on}.",
    "yes, you need {thing}. it will be {s} in {town} {on}.",
    "yes, {thing} will be useful in {town} {on}, because it will be {s}.",
]
NO = [
    "no, you do not need {thing}, because it will be {s} in {town} {on}.",
    "no, leave your {bare} at home. it will be {s} in {town} {on}.",
]
WILL_ASK = [
    "will it be {s} in {town} {on}?",
    "is it going to be {s} in {town} {on}?",
    "do you think it will be {s} in {town} {on}?",
    "can {town} expect {noun} {on}?",
    "will there be {noun} in {town} {on}?",
]
WARM_ASK = [
    "how [warm|cold] will it be in {town} {on}?",
    "what will the temperature be in {town} {on}?",
    "how many degrees will it be in {town} {on}?",
    "what is the temperature in {town} {on}?",
]
WARM = [
    "it will be about {t} degrees in {town} {on}.",
    "the temperature in {town} will be {t} degrees {on}.",
    "{on}, the temperature in {town} reaches {t} degrees.",
]


def _choose(r):
    return r.choice(TOWNS), r.choice(DAYS)


def _another(r, s):
    """The words of weather `s`, where it is not that of the forecast."""
    words, low, high, wear, take, _, advice = SKY[s]
    t = r.randint(low, high)
    return {
        "s": s,
        "w": r.choice(words),
        "t": t,
        "n": t - r.randint(3, 7),
        "take": r.choice(take),
        "wear": r.choice(wear),
        "advice": r.choice(advice),
    }


def make(r, held=False):
    town, day = draw(r, held, _choose)
    rnd, pick = r.random, r.choice
    s = pick(KINDS)
    noted = [town]
    k = rnd()
    if held is not True and rnd() < 0.22:  # no day, or a day without a name
        if rnd() < 0.35:
            on = thatday = ""
        else:
            on = pick(("today", "tomorrow", "this weekend"))
            noted.append(on)
            thatday = on
    else:
        on, thatday = "on " + day, "on " + day
        noted.append(day)
    words, low, high, wear, take, turns, advice = SKY[s]
    t = r.randint(low, high)
    v = {
        "town": town,
        "on": on,
        "thatday": thatday,
        "s": s,
        "w": pick(words),
        "t": t,
        "n": t - r.randint(3, 7),
        "s2": pick(turns),
        "wear": pick(wear),
        "take": pick(take),
        "advice": pick(advice),
        "wind": pick((10, 15, 20, 25, 30, 40)),
    }
    if s == "windy":
        v["wind"] = pick((40, 50, 60))
    if k < 0.5:
        ask = pick(ASK_DAY)
        parts = [
            pick(HELLO),
            pick(MID),
            pick(LATER),
            pick(WIND if "windy" not in (s, v["s2"]) else WIND[1:]),
            pick(NIGHT),
            pick(TAKE),
            pick(BYE),
        ]
    elif k < 0.62:
        ask = pick(WARM_ASK)
        parts = [pick(WARM), "it will be {s}[ in {town}|], with {w}.", pick(NIGHT), pick(TAKE)]
    elif k < 0.74:
        s3 = pick(NOUNS)
        ask = pick(WILL_ASK).replace("{s}", s3).replace("{noun}", NOUN[s3])
        noted.append(NOUN[s3] if NOUN[s3] in ask else s3)
        if rnd() < 0.5:
            v.update(_another(r, s3))
            first = (
                "yes, [there will be " + NOUN[s3] + "|" + "you can expect " + NOUN[s3] + "] in {town} {on}."
            )
            if noted[-1] == s3:
                first = "yes, it will be {s} in {town} {on}."
        else:
            other = {
                "sunny": "rainy",
                "rainy": "sunny",
                "windy": "foggy",
                "snowy": "sunny",
                "foggy": "windy",
                "stormy": "sunny",
            }[s3]
            v.update(_another(r, other))
            first = "no, it will not be " + s3 + " in {town} {on}. it will be {s}."
            if noted[-1] != s3:
                first = "no, there will be no " + NOUN[s3] + " in {town} {on}. it will be {s}."
        parts = [first, "[expect|there will be] {w} and about {t} degrees in {town}.", pick(TAKE), pick(BYE)]
    elif k < 0.84:
        ask, parts = pick(WEAR_ASK), [
            pick(WEAR),
            *r.sample(MORE[:2] + MORE[3:], 1),
            "[it is a good idea to take|take] {take} too.",
            pick(BYE),
        ]
        v["take"] = pick(BESIDE[v["wear"]])
        noted.append(s)
    elif k < 0.91:
        ask, parts = pick(TAKE_ASK), [
            pick(TAKEN),
            *r.sample(MORE[:2] + MORE[3:], 1),
            "[you should wear|wear] {wear}.",
            pick(BYE),
        ]
        v["take"] = pick(BESIDE[v["wear"]])
        noted.append(s)
    else:
        thing = v["thing"] = pick(THINGS)
        good, why = NEEDS[thing]
        yes = rnd() < 0.5
        s = v["s"] = pick(good if yes else USELESS[thing])
        words, low, high, wear, take, turns, advice = SKY[s]
        v.update(
            w=pick(words),
            t=r.randint(low, high),
            wear=pick(wear),
            advice=pick(advice),
            why=why,
            bare=thing.removeprefix("a ").removeprefix("an "),
        )
        ask = pick(NEED_ASK)
        parts = [
            pick(YES if yes else NO),
            ("{why}." if yes else "wear {wear}."),
            "expect {w} and about {t} degrees in {town}.",
            pick(BYE),
        ]
        noted += [s, thing.split()[-1]]
    answer = " ".join([p for p in parts if p])
    if not on:
        ask, answer = _undated(ask), _undated(answer)
    ask, answer = fill(r, ask, v), fill(r, answer, v).replace(" 1 degrees", " 1 degree").replace(
        "-1 degrees", "-1 degree"
    )
    return Item(ask, answer, answer if k < 0.62 else None, tuple(noted))


def _undated(text):
    return (
        text.removeprefix("{on}, ")
        .removeprefix("{on} ")
        .replace("later {thatday} ", "later ")
        .replace(" {on}", "")
    )
