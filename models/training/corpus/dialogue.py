"""Short dialogues of two speakers, asked for by their setting, or by the setting and a thing."""
import random

from .templates import Item, draw, fill, split_beat
from .words import BOYS, GIRLS, SPOTS

GOODS = "lantern kite drum basket blanket compass hat mirror scarf teapot umbrella whistle clock telescope broom bucket ball".split()
BOOKS = "foxes owls bears bees trains ships stars mountains trees dragons kings cooking gardens rivers birds horses".split()
TOWNS = "Oakham Millford Redhill Bramley Westbay Stonebridge Elmwood Northport Ashby Greenford".split()
LOST = "scarf hat glove umbrella book key ball map whistle basket".split()
ILLS = "cold|headache|sore throat|cough|sore knee|bad tooth".split("|")
FOOD = "soup bread pancakes stew porridge jam biscuits".split()
PLANTS = "beans carrots roses tulips peas onions tomatoes potatoes".split()
BEASTS = "goat donkey pony hen duck pig lamb cow".split()
SHOWN = "crown clock boat map drum telescope bell mirror".split()
LESSONS = "spelling reading history music drawing geography".split()
THINGS = {"shop": GOODS, "station": TOWNS, "library": BOOKS, "school": LESSONS, "farm": BEASTS, "doctor": ILLS,
          "kitchen": FOOD, "garden": PLANTS, "harbour": "Swan Gull Star Pearl Dolphin Rose".split(), "museum": SHOWN, "park": LOST}
# setting -> how it is asked for, the question's end with the thing, the lines; {o} is the thing, {n} and {m} numbers.
SCENES = {
    "shop": ("in a shop", "about buying a {o}", """
good [morning|afternoon], and welcome to my shop! [can I help you|what can I do for you]?
yes, please. I am looking for a {o}.|hello! do you sell a {o} in this shop?
[yes, we have one {o} left|there is a nice {o}] [on this shelf|in the window]. the {o} costs {n} coins.
[that is a little too much|I only have {m} coins]. could you sell me the {o} for {m} coins?
[well, for you the {o} is {m} coins|yes, you may have it for {m} coins].
[wonderful|perfect], I will take the {o}! thank you very much.
[you are welcome|it was a pleasure]. enjoy your {o}!"""),
    "station": ("at a station", "about a train to {o}", """
excuse me, is this the station for the train to {o}?|hello! does a train go to {o} from this station?
yes, you are in the right place. the train to {o} leaves at {n} o'clock.|yes, of course. the next train to {o} goes at {n} o'clock.
[which platform does it leave from|from which platform does it go]?
the train to {o} leaves from platform {m}.
[thank you|good]. one ticket to {o}, please.
here is your ticket. [have a good trip|enjoy your trip] to {o}!"""),
    "library": ("in a library", "about a book on {o}", """
hello, and welcome to the library. [can I help you|what are you looking for]?
I would like to read a book about {o}.|do you have a book about {o} in this library?
let me see. yes, the books about {o} are [on the second shelf|next to the window|behind you].
[great|thank you]! how long may I keep the book about {o}?
you can keep it for {n} days.
[that is long enough|good], I like to read about {o}.
[enjoy the book|happy reading]!"""),
    "school": ("in a school", "about a {o} lesson", """
[did you finish|have you done] the {o} homework for school?
almost, but the last {o} question was hard.|no, I think {o} is difficult.
[shall we do it together|do you want some help]? I like {o}.
yes, please! when is the next {o} lesson at school?
the next {o} lesson is at {n} o'clock.
[then we still have time|good]. thank you for your help!"""),
    "farm": ("on a farm", "about a {o}", """
good morning! is this your farm?|hello! what a nice farm you have.
yes, this is my farm. [would you like to see the {o}?|come and meet our {o}.]
[what a lovely {o}|oh, what a fine {o}]! how old is the {o}?
the {o} is {m} years old.
may I feed the {o}?|what does the {o} eat?
[you can give the {o} some grain|here is some grain for the {o}]. the {o} likes that.
[thank you|that was fun]! I like it on the farm."""),
    "doctor": ("at the doctor's", "about a {o}", """
good morning, doctor. I have a {o}.|hello, doctor. I think I have a {o}.
I am sorry to hear that. how long have you had the {o}?
I have had the {o} for {m} days.
let me have a look. [do not worry|it is not so bad], the {o} will soon be better.
[what should I do|what can I do about the {o}]?
[rest a lot and drink some tea|stay at home and sleep well]. come back if the {o} is not better in {n} days.
thank you, doctor!"""),
    "kitchen": ("in a kitchen", "about making {o}", """
[what are you making in the kitchen|what smells so good in the kitchen]?
I am making {o}. [would you like to help|do you want to help me]?
yes, please! I like {o}. what can I do?
[you can stir|you can set the table], and I will watch the {o}.
[when will it be ready|how long does it take]?
the {o} will be ready in {n} minutes.
[I cannot wait|I am so hungry]! nobody makes better {o} than you."""),
    "garden": ("in a garden", "about {o}", """
[hello|good morning]! what are you planting in the garden?
I am planting {o}. [do you want to help|would you like to help me]?
yes! how do I plant {o}?
[make small holes in the soil|dig the soil first], put in the {o} and cover them.
how often do {o} need water?
[give the {o} some water every day|every day, if it does not rain].
[I will come back to water the {o}|I hope the {o} grow well]. what a lovely garden!"""),
    "harbour": ("at a harbour", "about a boat called the {o}", """
excuse me, which boat in the harbour is the {o}?|hello! is the {o} in the harbour today?
the {o} is the [blue|white|green] boat over there.
when does the {o} leave the harbour?
the {o} leaves at {n} o'clock. [do you want to come along|would you like a ticket]?
yes, please. is there still room on the {o}?
[there is room for you|of course]. come back at {n} o'clock!"""),
    "museum": ("in a museum", "about an old {o}", """
welcome to the museum! what would you like to see?
I would like to see the old {o}.|is there really an old {o} in this museum?
the old {o} is in room {m}, [next to the stairs|by the window].
how old is the {o}?
the {o} is {m} hundred years old.
[that is very old|how interesting]! may I touch the {o}?
no, please [only look at the {o}|do not touch the {o}]. enjoy the museum!"""),
    "park": ("in a park", "about a lost {o}", """
you look sad. [what is wrong|what happened]?
I have lost my {o} in the park.|I cannot find my {o}. I had it here in the park.
[where did you see the {o} last|when did you last have the {o}]?
I think I had the {o} near {spot}.
[then let us look there|come, we will look for the {o} together].
look, there is my {o}! [thank you so much|thank you for your help]!
[I am so glad|good]. take good care of your {o}!"""),
}
ROLES = {"shop": ("Shopkeeper", "Customer"), "station": ("Traveller", "Clerk"), "library": ("Librarian", "Reader"),
         "school": None, "farm": ("Visitor", "Farmer"), "doctor": ("Patient", "Doctor"), "kitchen": None,
         "garden": ("Child", "Gardener"), "harbour": ("Visitor", "Sailor"), "museum": ("Guide", "Visitor"), "park": None}
_LINES = {k: x[2].strip().split("\n") for k, x in SCENES.items()}
_SETTINGS = list(SCENES)
_ASK = "[write|write me|please write|can you write|I would like|give me] a [|short |little ][dialogue|conversation] "


def make(r: random.Random, held: bool | None = False) -> Item:
    """A question for a dialogue, and the dialogue."""
    def pair(r: random.Random) -> tuple[str, str, str]:
        s = r.choice(_SETTINGS)
        return "dialogue", s, r.choice(THINGS[s])
    _, setting, o = draw(r, held, pair)
    where, about, _ = SCENES[setting]
    a, b = ROLES[setting] if ROLES[setting] and r.random() < 0.6 else r.sample(GIRLS + BOYS, 2)
    n = r.randint(5, 12)
    v = dict(o=o, n=n, m=n - r.randint(1, 3), spot=r.choice(SPOTS))
    labels = (a + ": ", b + ": ")
    lines = [fill(r, split_beat(r, x), v) for x in _LINES[setting]]
    text = "\n".join(labels[i % 2] + x for i, x in enumerate(lines))
    alone = not held and r.random() < 0.3
    ask = fill(r, _ASK + (where if alone else r.choice((where + " " + about, about + " " + where))), v)
    ask += "?" if ask.startswith("Can") else "."
    return Item(ask, text, text, (setting,) if alone else (setting, o))
