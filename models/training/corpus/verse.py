"""Rhymed couplets about a species, an object or a season. What was asked for is in the first stanza."""
import random

from .templates import Item, draw, fill
from .words import OBJECTS, SEASONS, SPECIES

# Couplets; {k} a species, {o} an object, {s} a season.
BOTH = """a little {k} set out one day,|a {o} went with it all the way.
the {k} has a {o} to keep,|the {o} is near it in its sleep.
a {k} found a {o} in the hay,|and so the {k} began to play.
the {k} looks at the {o} with delight,|the {o} is small, the {o} is bright.
a {k} went walking by the sea,|and said, "this {o} belongs to me."
there is a {k} upon the hill,|it has a {o}, it is sitting still.
a {k} with a {o} came down the lane,|and hid the {o} from the rain.
I saw a {k} beneath the moon,|beside a {o}, humming a tune."""
KIND = """a little {k} looked at the sky,|and watched the clouds go sailing by.
there is a {k} upon the hill,|the world is soft, the world is still.
a {k} was dancing in the rain,|it danced and danced along the lane.
a {k} is walking through the night,|the moon is big, the moon is bright.
oh, little {k}, come out and play,|the sun is warm and bright today.
a {k} sat down beneath a tree,|and looked out at the wide blue sea.
the {k} is wishing on a star,|the way is long, the way is far.
the {k} is sleeping until noon,|but {k}, wake up, we need you soon."""
OBJ = """there is a {o} beside the door,|I never saw its like before.
I have a {o}, and it is mine,|it makes the darkest morning shine.
a {o} was lying in the lane,|it lay there in the sun and rain.
my {o} is old, my {o} is dear,|I love my {o} more every year.
the {o} is resting by the light,|we put the {o} away at night.
I found a {o} beneath a tree,|and now the {o} belongs to me."""
SEASON = """when {s} comes to hill and dale,|the clouds go by like ships that sail.
the {s} sky is wide and high,|the {s} clouds are passing by.
the {s} wind begins to blow,|it tells us all we need to know.
oh, {s} days are good and long,|and every day is like a song.
when {s} comes along the lane,|we are so glad it is here again.
the {s} moon is round and bright,|it fills the garden with its light."""
KIND_SEASON = """the {k} is glad that {s} is here,|it is the best time of the year.
a little {k} looked at the sky,|and watched the {s} clouds go by.
the {s} wind has come to play,|it finds the {k} along the way.
a {k} went out one {s} night,|the {s} moon was big and bright."""
OTHER = """the river is patient, the river is slow,|it sings in the valley far below.
the boats are small and far away,|some things go on and some things stay.
the lamps in the village begin to glow,|the winds in the garden softly blow.
the water turns the old stone mill,|the evening comes, and all is still.
the stars look down on every tree,|they shine for you, they shine for me.
the road is long, the road is wide,|and friends are walking side by side.
far off there goes the evening train,|and soon the stars will come again.
the birds have sung their evening tune,|the clouds are white below the moon."""
END_KIND = """and now the {k} has gone to bed,|good night, good night, you sleepy head.
good night, dear {k}, the day is done,|we had a lot of happy fun.
so ends the song of the {k} for now,|and off it goes and takes a bow."""
END_OBJ = """so ends the song of the {o} tonight,|the {o} is safe, good night, good night.
and now the {o} is put away,|we need it for another day."""
END_SEASON = """so ends my little {s} rhyme,|and {s} is a lovely time.
good night, good night, dear {s} day,|we hope that you have come to stay."""


def _couplets(text: str) -> list[str]:
    return [line.replace("|", "\n") for line in text.split("\n")]


_SETS = {"both": (_couplets(BOTH), _couplets(KIND), _couplets(END_KIND) + _couplets(END_OBJ)),
         "kind": (_couplets(KIND), _couplets(KIND), _couplets(END_KIND)),
         "object": (_couplets(OBJ), _couplets(OBJ), _couplets(END_OBJ)),
         "season": (_couplets(SEASON), _couplets(SEASON), _couplets(END_SEASON)),
         "kind season": (_couplets(KIND_SEASON), _couplets(KIND) + _couplets(SEASON), _couplets(END_KIND))}
_OTHER = _couplets(OTHER)
_TYPES, _CUM = list(_SETS), [45, 65, 80, 88, 100]
_WHAT = {"both": "[a {k} and a {o}|a {k} with a {o}]", "kind": "a {k}", "object": "a {o}", "season": "{s}",
         "kind season": "[a {k} in {s}|{s} and a {k}]"}
_ASK = "[write|write me|please write|can you write|I would like|give me|make up] a [|short |little ][poem|rhyme|verse] about "
_KINDS = [k for k in SPECIES if k not in ("kangaroo", "butterfly")]
_OBJECTS = list(OBJECTS)


def make(r: random.Random, held: bool | None = False) -> Item:
    """A question for a poem, and the poem."""
    k, o = draw(r, held, lambda r: (r.choice(_KINDS), r.choice(_OBJECTS)))
    what = r.choices(_TYPES, cum_weights=_CUM)[0]
    if held and what != "both":
        what = "both" if r.random() < 0.75 else "kind season"
    s = r.choice(SEASONS)
    if what == "kind season":
        k, s = draw(r, held, lambda r: (r.choice(_KINDS), r.choice(SEASONS)))
    first, more, end = _SETS[what]
    parts = [r.choice(first)]
    second = r.choice(more)
    while second.split("\n")[0] == parts[0].split("\n")[0]:
        second = r.choice(more)
    parts.append(second)
    if r.random() < 0.7:
        parts.append(r.choice(_OTHER))
    if len(parts) == 2 or r.random() < 0.7:
        parts.append(r.choice(end))
    text = "\n".join(parts[:2]) + "\n\n" + "\n".join(parts[2:])
    v = dict(k=k, o=o, s=s)
    text = fill(r, text, v)
    ask = fill(r, _ASK + _WHAT[what], v)
    ask += "?" if ask.startswith("Can") else "."
    mentions = {"both": (k, o), "kind": (k,), "object": (o,), "season": (s,), "kind season": (k, s)}[what]
    return Item(ask, text, text, mentions)
