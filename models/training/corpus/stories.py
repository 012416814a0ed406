"""Short stories: a hero and a friend, one object, one plot.

The question names a species and an object, a species, an object, a species with a name, two names, a place or
a trait with a species. Every story has exactly two named characters, and its object comes up at least three times.
"""
import random

from .templates import Item, fill, held_out
from .words import BOYS, FOODS, GIRLS, OBJECTS, PEOPLE, SEASONS, SPECIES, TRAITS

TRADES = [k for k in PEOPLE if k != "gentle giant"]
SEX = {**PEOPLE, "hen": "f", "goose": "f"}
# Creatures that pass by, without a name.
OTHERS = """fox rabbit mouse owl hedgehog squirrel badger otter deer frog turtle duck cat dog goat donkey crow
sparrow beaver mole robin raccoon""".split()
ADJ = {o: a.split() for o, (a, _) in OBJECTS.items()}
ADJ["letter"] = ["folded", "secret", "long"]
USE = {o: u for o, (_, u) in OBJECTS.items()}
USE.update(glove="to keep out the cold", necklace="to wear at the fair", key="to open my door")
SPOTS = """the old oak tree|the stone bridge|the well|the garden gate|the barn|the hollow log|the tall grass|the willow tree
the round hill|the blackberry bush|the old wall|the apple tree|the rose garden|the windmill|the crossroads""".replace("\n", "|").split("|")
# noun -> where it is that somebody lives there
PLACES = {"forest": "in", "village": "in", "valley": "in", "harbour": "near", "meadow": "on", "mill": "in", "lake": "by",
          "castle": "in", "cottage": "in", "orchard": "near", "beach": "near", "town": "in", "mountain": "on",
          "island": "on", "farm": "on", "lighthouse": "in", "river": "by", "swamp": "near", "cave": "in", "garden": "in"}
PLACE_ADJ = {"forest": "dark green", "village": "small quiet", "valley": "quiet green", "harbour": "busy old", "meadow": "wide green",
             "mill": "old stone", "lake": "blue quiet", "castle": "old grey", "cottage": "cosy little", "orchard": "sunny old",
             "beach": "sandy long", "town": "small busy", "mountain": "high snowy", "island": "windy little", "farm": "little busy",
             "lighthouse": "tall white", "river": "wide slow", "swamp": "misty green", "cave": "deep dry", "garden": "big old"}
PLACE_ADJ = {p: a.split() for p, a in PLACE_ADJ.items()}

# Groups of objects that fit a plot. None: every object does.
LOOSE = [o for o in OBJECTS if o not in ("ladder", "tent", "wagon", "sled", "boat", "cake", "flower")]
MADE = """kite drum boat basket blanket hat flute necklace pillow scarf spoon whistle crown puppet cake candle coat
sled wagon broom lantern ladder""".split()
SHELF = "lantern book violin flute teapot puppet shell candle drum telescope map".split()
RESCUE = "rope ladder blanket scarf broom umbrella".split()
TOP = "bell lantern ribbon kite star feather crown flower".split()
PRIZE = """cake crown bell kite drum ball compass hat necklace scarf telescope violin whistle lantern basket clock
flute book""".split()
ARMED = "lantern candle broom umbrella bell drum whistle spoon bucket".split()
PLAY = "kite ball sled drum boat wagon puppet book telescope umbrella blanket hat violin whistle flute tent broom".split()
WAY = "map compass lantern candle telescope".split()
MUSIC = "drum flute violin whistle bell".split()
BREAK = "teapot mirror jar flute violin clock kite drum umbrella telescope lantern sled wagon puppet shell bucket broom".split()
WARM = "blanket scarf coat hat glove".split()
CARRY = "basket bucket wagon jar".split()
SHINY = "key bell mirror necklace button spoon whistle crown star compass shell ribbon pebble".split()
BURIED = """bell button compass crown flute jar key lantern map mirror necklace pebble shell spoon star stone teapot
telescope whistle book""".split()
SOLD = "violin clock telescope crown necklace mirror compass drum flute boat sled coat hat kite basket lantern teapot".split()
LUCKY = "pebble button feather stone shell key star ribbon seed".split()
FLOAT = "boat bucket basket hat ball".split()
PARADE = "drum bell whistle flute lantern crown hat ribbon puppet umbrella kite violin".split()
SKY = "telescope blanket ladder tent".split()
READ = "book letter map".split()

OPENINGS = [
    "[once upon a time|long ago|once|many years ago], {NI} [lived|had a home] {place}.",
    "[once upon a time|long ago|once], there [was|lived] {NI} {place}.",
    "{place} [lived|there lived|there was] {NI}.",
    "there [once was|was once] {NI}. {N} lived {place}.",
    "this is [a story about|the story of] {NI}. {N} lived {place}.",
    "{N} was a {trait} {kind} who lived {place}.",
]
OPENINGS_OBJ = [
    "this is [a story about|the story of] {NI} and a {adj} {obj}.",
    "[here is|this is] the story of {NI} and a {adj} {obj}. {N} lived {place}.",
]
FRIEND = [
    "{N}'s best friend was {FI}.",
    "next door lived {FI}, and [the two|{N} and {F}] were good friends.",
    "{N} had a good friend, {FI}.",
    "{N} [often played with|spent every day with|liked to visit] {FI}.",
]
EXTRA = [
    "{N} the {kind} was [known all around|loved by everyone], for no {kind} was more {trait}.",
    "the [birds were singing|wind was soft|sun was bright|sky was blue] and there was a smell of [rain|flowers|warm bread|fresh grass].",
    "every day {N} [walked to {spot}|sang a little song|counted the clouds|swept the floor and made the tea].",
    "[everyone|everybody] knew {N} the {kind}.",
    "it was a [quiet|busy|lovely] {season}.",
]
AT_PLACE = [
    "[life in the {pn} was quiet|everyone knew the {pn} well|there was no better place than the {pn}], and {N} [loved the {pn}|was happy there].",
    "{N} knew every corner of the {pn}.",
    "{N} had never left the {pn}, and {N} loved it.",
]
END_PLACE = [
    "and [so ended|that was the end of] a [long|good|happy] day at the {pn}.",
    "from then on [there was always laughter at the {pn}|life at the {pn} was never dull].",
    "and there was no happier {kind} near the {pn} than {N}.",
]
ENDINGS = [
    "and that night {N} the {kind} slept very well.", "{N} the {kind} never forgot that day.",
    "and that is the story of {N} the {kind} and the {adj} {obj}.",
    "and {N} and {F} were friends for ever.", "it was the best day of the whole {season}.",
    "[and so|from that day on] {N} the {kind} and {F} the {fkind} were the best of friends.",
    "and the {adj} {obj}? [{N} often spoke of it|nobody ever forgot it].",
    "\"what a day,\" said {N}, and the {kind} [went happily to bed|fell asleep with a smile].",
    "the end.",
]

# Plots: the objects that fit, then the beats. A beat is one string; bars outside of brackets part alternatives.
# A beat that begins with "?" may be left out.
PLOTS: dict[str, tuple[list[str] | None, str]] = {
    "lost": (LOOSE, """
{N} had a {adj} {obj}, but one {season} morning the {obj} was gone.|one {season} day {N} could not find {his} {adj} {obj}.
{N} looked [under the bed|in the cupboard], [behind the door|on the stairs] and [under the table|in the kitchen], but there was no {obj}.
"[oh no|oh dear|where can it be]?" said {N}. "I need my {obj} {use}."|"[my lovely {obj}|my dear {obj}]!" [cried|said] {N}. "[I had it only yesterday|I must find it before dark]."
then {FI} came by and saw that {N} was sad. "[I will help you look|let us look together|two can search better than one]," said {F}.
together {N} and {F} looked near {spot}, and then they went to {spot2}.|{N} and {F} walked from {spot} all the way to {spot2}.
there, [under a pile of leaves|between two stones|behind a bush|in the soft grass], lay the {adj} {obj}!
"[you are a true friend|I could not have done it alone|thank you for your help], {F}," said {N} the {kind}.
?from then on {N} always kept the {obj} [on the same shelf|in a safe place|close to the door].
"""),
    "found": (LOOSE, """
one day, near {spot}, {N} found a {adj} {obj}.|one {season} day {N} saw something in the grass near {spot}. it was a {adj} {obj}.
"[what a lovely {obj}|what a pretty {obj}|I wonder who lost this {obj}]," said {N}.
{N} wanted to keep the {obj}, but [it belonged to someone else|someone must be missing it].
so {N} asked everyone. a {k2} knew nothing about it, and a {k3} [knew nothing either|had never seen it].
at last {N} came to {spot2}. there sat {FI}, [in tears|looking very sad]. "I have lost my {obj}," said {F}.
"[do not cry|dry your tears|do not be sad], {F}," said {N}. "[here is your {obj}|look what I have found]."
"[you found my {obj}|my {obj} is back]!" [cried|said] {F}. "[thank you, {N}|you are so kind, {N}]!"
that evening {N} and {F} ate {food} together, and [both were happy|they talked until late].
"""),
    "gift": (MADE, """
soon it would be the birthday of {FI}, and {N} wanted to give {F} something special.
{N} had no money, but {he} had [a good idea|plenty of time]. "I will make a {obj}," said {N}.
for three days {N} worked on the {obj} and told nobody about it.|every evening {N} sat by the window and worked on the {obj}.
?the first {obj} was [too small|not very good], so {N} the {kind} had to start again.
at last it was done. it was a {adj} {obj}, [as fine as any in a shop|and it was just right].
on the birthday {N} put the {obj} in a box with a {color} ribbon and took it to {F}.
{F} opened the box. "[a {obj}! now I have something {use}|what a fine {obj}! it is the best gift of all]," said {F}.
{N} and {F} ate {food} and [sang|danced|talked] until [the moon came up|it was time for bed].
?{N} went home happy, because [giving is even better than getting|a gift made with love is never small].
"""),
    "storm": (SHELF, """
one {season} evening dark clouds came over {spot}, and a great storm began.
?the wind howled and the rain beat on the roof.|the wind was loud and the rain came down in sheets.
then {N} the {kind} heard a small knock at the door. it was {FI}, wet and cold.
"[may I come in|can I stay here], {N}?" asked {F}. "[of course|come in, come in], {F}," said {N}.
{N} gave {F} [a warm blanket|a dry towel] and a bowl of soup.
to pass the time, {N} took a {adj} {obj} from the shelf. "[do you like my {obj}|shall I show you my {obj}]?" asked {N}.
"[what a lovely {obj}|I have never seen such a {obj}]," said {F}. {N} told {F} how a {k2} had once brought the {obj}.
they [told stories|laughed and talked] until the storm [had passed|was over].
in the morning the sun was shining. {N} gave the {obj} to {F}. "[keep the {obj}|the {obj} is yours now], and come again," said {N}.
"""),
    "fear": (RESCUE, """
but {N} had a secret. {he} was afraid of [the dark|deep water|high places|being alone].
one {season} day {FI} fell [into a deep hole|down a steep bank] near {spot}. "[help|help me]!" cried {F}.
nobody else heard it, only {N} the {kind}. {N} [began to shake|was very frightened].
"[I must be brave|I can do this|my friend needs me]," said {N}, and {he} took a {adj} {obj}.
step by step {N} came closer. {he} [held out the {obj}|let down the {obj}], and {F} [took hold of the {obj}|held on to the {obj}].
{N} pulled and pulled, until {F} was safe.
"[you were so brave|you saved me], {N}," said {F}. "[you and your {obj} came just in time|I will never forget it]."
{N} had learned that [being brave does not mean having no fear|you can be afraid and still be brave].
"""),
    "build": (TOP, """
one {season} {N} wanted to build [a little house in a tree|a bridge over the stream|a small theatre]. {FI} wanted to help.
"[we need wood and nails|first we need a good plan]," said {F}. "[and on top we will put my {obj}|and in the end we need a {obj}]," said {N}.
{N} and {F} carried wood from {spot} and worked all morning.
at noon everything fell down with a crash, and {F} sighed.|but the wind came, and everything fell down.
"[let us try again|every builder makes mistakes], {F}," said {N} the {kind}. "[this time we will go slowly|this time it will be stronger]."
a {k2} and a {k3} came to help, and soon the work went faster.
by evening it was done. {N} put the {adj} {obj} on top, and the {obj} [shone in the sun|could be seen from far away].
?{N} and {F} shared {food} under the {obj}. [together they could do anything|nobody could have built it alone].
"""),
    "race": (PRIZE, """
one {season} day there was a great race from {spot} to {spot2}. the prize was a {adj} {obj}.
"[I am the fastest of all|you will never win, {N}]," said {FI}. "[the {obj} is mine|the {obj} will be mine]!"
{N} said nothing and went to the starting line. "ready, steady, go!" called a {k2}.
{F} was soon far ahead. then {F} stopped to [pick berries|take a nap|rest in the shade].
{N} the {kind} kept going. {he} did not stop [at the hill|even once|in the rain].
when {F} looked up, it was too late. {N} had crossed the line and won the {obj}!
"[well done|you were better today], {N}," said {F}. {N} [let {F} hold the {obj}|showed the {obj} to {F}], and they walked home together.
?[slow and steady wins the race|those who keep going get there in the end].
"""),
    "garden": (["seed", "flower"], """
one spring day {N} [found a {adj} {obj} near {spot}|was given a {adj} {obj} by a {k2}] and planted it.
every morning {N} gave the {obj} some water and [sang to it|told it a story|pulled out the weeds].
the days went by, and the {obj} did not grow. "[it will never grow|you are wasting your time], {N}," said {FI}.
"[just wait|be patient], {F}," said {N} the {kind}. "[good things take time|every {obj} needs time]."
?the sun shone on the {obj}, and the rain fell on it, and {N} waited.
then one day there were [three|four|seven] new green leaves. {N} called {F}. "[look|come and see]!" cried {N}.
it grew and grew, until it was taller than the garden wall. [bees|butterflies|birds] came from far away.
"[you were right to wait|I am glad you did not give up]," said {F}. "[all this from one {obj}|what a fine {obj} it was]!"
in the autumn {N} gave some new seeds to {F}, so that [every garden could have one|all their friends could plant them].
"""),
    "sound": (ARMED, """
one night {N} heard a strange sound. "[tap, tap, tap|hoo, hoo, hoo|scratch, scratch]," it went.
"[what could that be|who is there]?" said {N}, and {he} hid under the blanket.
the sound came again. it came from {spot}.
{N} took a {adj} {obj} and went to wake {FI}. "[come with me|I need your help], {F}," said {N}.
"[why do you have a {obj}|what is the {obj} for]?" asked {F}. "[with the {obj} I feel brave|the {obj} makes me brave]," said {N}.
[side by side|very slowly], {N} and {F} crept through the dark. {N} held the {obj} tight.
and what did they find? it was only a [little|tired|small] {k2} [playing in the moonlight|looking for supper]!
{N} the {kind} and {F} laughed and laughed. "[how silly we were|next time we will not be so scared]," said {F}.
?after that {N} slept well, for a strange sound is not scary once you know it.
"""),
    "quarrel": (PLAY, """
one {season} day {N} and {FI} found a {adj} {obj} near {spot}.
"[the {obj} is mine|I saw the {obj} first]!" said {N}. "[no, it is mine|no, I saw it first]!" said {F}.
{N} pulled the {obj} one way, and {F} pulled the {obj} the other way.
a {k2} came along. "[why are you so angry|what is all this noise for]?" asked the {k2}. "[one {obj} is enough for two|you can share a {obj}]."
{N} the {kind} [was ashamed|thought about it]. "[I am sorry|let us not fight], {F}," said {N}. "[you may have the {obj} first|take the {obj} today]."
"[thank you, {N}|I am sorry too]," said {F}. "[tomorrow it is your turn|tomorrow you shall have it]."
so they shared the {obj}: one day it was with {N}, and one day it was with {F}.
[a {obj} is twice as much fun with a friend|and sharing the {obj} was more fun than having it alone].
"""),
    "path": (WAY, """
one {season} day {N} set out to visit {his} grandmother, who lived beyond {spot}.
{N} carried [a basket of food|a bag of apples] and a {adj} {obj}.
but soon [the path was covered with leaves|there was fog on the path|the path split in two], and {N} did not know the way.
"[I am lost!|which way should I go?]" said {N} the {kind}, and {he} sat down on a stone.
then {FI} came along. "[you have a {obj}|use your {obj}], {N}," said {F}. "[let us try it together|I will go with you]."
so {N} took the {obj}. with the {obj} they [came to|found the way past] {spot2}.
at last {N} and {F} saw a light in a window. it was the grandmother's house!
"[I was waiting for you|come in, both of you]," said the grandmother, and she gave them {food}.
?after that {N} never went anywhere without the {obj}.
"""),
    "music": (MUSIC, """
more than anything, {N} wanted to learn how to play the {obj}.
but every time {N} tried {his} {adj} {obj}, it [sounded terrible|hurt everyone's ears]. a {k2} [ran away|laughed].
"[I will never learn it|I am no good at this]," said {N}, and {he} put the {obj} away.
then {FI} came by and saw the {obj}. "[nobody is born knowing how to play|a little every day is enough], {N}," said {F}.
so {N} practised. [on Monday|on the first day] it was bad. [on Tuesday|on the second day] it was a little better.
{N} the {kind} practised [in the rain|before breakfast] [near {spot}|behind {spot}].
when the {season} fair came, {N} played the {adj} {obj} in front of everyone, and it was [wonderful|lovely]!
everyone cheered, and {F} cheered the loudest. "[I knew you could do it|you did it], {N}!" said {F}.
"""),
    "truth": (BREAK, """
{FI} had a {adj} {obj} and loved it very much.
one {season} day, when {F} was away, {N} [took the {obj} down from the shelf|wanted to try the {obj}]. crash! the {obj} fell and broke.
"[nobody saw me|I could say it was the wind]," thought {N}. but that night {N} could not sleep.
in the morning {N} the {kind} went to {spot}, where {F} was sitting.
"I broke your {obj}, {F}," said {N}. "[I am so sorry|please forgive me]."
{F} was quiet for a while. "[I am sad about the {obj}, but I am glad you told me|it takes courage to tell the truth]," said {F}.
?together {N} and {F} mended the {obj} with [glue|string] and patience, and it was almost as good as new.
?{N} felt much better. [the truth can be hard to say, but it keeps friends together|it is always better to be honest].
"""),
    "star": (["star", "lantern", "telescope", "kite", "basket", "blanket"], """
one clear {season} night {N} took {his} {adj} {obj} and went outside to look at the sky.
suddenly a tiny light fell down and landed [on|beside] the {obj}. "[help me|I am far from home]," said the light in a thin voice.
"[do not worry|we will help you]," said {N} the {kind}. {N} went to wake {FI}.
{N} and {F} carried the {obj} and the tiny light up and up, past {spot}, to the top of the hill.
there {N} held the {obj} high in the air. "[thank you|you are so kind]," said the light. "you may make one wish."
{N} looked at {F} and smiled. "[I already have all I need|I wish that you get home safely|I wish that {F} will always be happy]," said {N}.
the light flew up and up, and [it still shines over {spot}|it winks at {N} every night].
?and where the light had been, the {obj} [glowed|shone] a little for ever after.
"""),
    "trade": (None, """
{N} the {kind} wanted a {obj} more than anything else.|for a long time {N} had wished for a {obj}.
one {season} day {N} saw a {adj} {obj} at the market. it belonged to {FI}.
"[will you trade your {obj}|what do you want for the {obj}], {F}?" asked {N}. "[bring me a basket of plums|bring me some honey], and it is yours," said {F}.
{N} had no [such thing|food to trade], so {he} helped a {k2} all morning [near {spot}|by {spot}]. the {k2} gave {N} [some money|three coins].
with the money {N} bought what {F} had asked for and hurried back to the market.
"[you worked hard for this|that was quick], {N}," said {F}. "[the {obj} is yours|here is the {obj}]."
{N} carried the {adj} {obj} home. [a thing you have worked for is worth twice as much|nobody was ever so proud of a {obj}].
?that evening {F} came to visit, and they ate {food} and looked at the {obj}.
"""),
    "stuck": (["rope", "ladder", "broom", "scarf", "umbrella"], """
one {season} day, on the way to {spot}, {N} heard a voice. "[help|help me]!" it called.
it was {FI}, stuck [in the mud|in a thorny bush|between two rocks].
{N} pulled and pulled, but {F} did not move. "[it is no use|you are not strong enough], {N}," said {F}.
"[wait|wait here]," said {N} the {kind}. "[I have an idea|I know what to do]. I will get my {obj}."
{N} hurried home and came back with a {adj} {obj}. a {k2} and a {k3} came along to help.
{F} took one end of the {obj}, and the others took the other end. "one, two, three!" they called, and everyone pulled.
pop! {F} was free and landed [in the soft grass|in a big puddle].
"[how can I thank you|what can I do for you], {N}?" asked {F}. "[thank the {obj}|just help the next one who is stuck]," said {N}, and everyone laughed.
"""),
    "flood": (FLOAT, """
in the {season} it rained for seven days, and the water rose around {spot}.
{N} had a {adj} {obj} and watched the water from the window.
then {N} saw {FI}, who sat alone on [a rock|a fallen tree] in the water. "[help|I cannot swim]!" called {F}.
"[hold on|I am coming], {F}!" called {N} the {kind}. {N} tied a rope to the {obj} and pushed the {obj} out on the water.
the {obj} floated to {F}. {F} held on to the {obj}, and {N} pulled and pulled.
at last {F} was on dry land. "[thank you|you saved me], {N}!" said {F}.
?a {k2} brought dry clothes, and a {k3} made a fire.
they ate {food} by the fire and put the wet {obj} down to dry. "[what a good {obj}|hurray for the {obj}]!" said {F}.
"""),
    "snow": (WARM, """
one cold winter day the snow lay deep around {spot}. but {N} had a {adj} {obj} and was not cold.
on the way home {N} met {FI}, who was shaking with cold.
"[where is your {obj}|do you not have a {obj}], {F}?" asked {N}. "I have no {obj}," said {F}.
{N} thought about it. the {adj} {obj} was warm, and the wind was icy.
then {N} gave the {obj} to {F}. "[take it|take my {obj}]," said {N} the {kind}. "[my house is not far away|you need it more than I do]."
the next day {N} had a cold and stayed in bed. there was a knock, and in came {F} with {food}.
"[here is your {obj}|I have washed your {obj}]," said {F}, "and I have made another one just like it."
now {N} had a {obj} and {F} had a {obj}, and [neither of them was cold|the winter was not so cold any more].
"""),
    "mend": (BREAK, """
{N} had a {adj} {obj}, but one {season} day the {obj} broke.
"[my poor {obj}|oh no, my {obj}]!" said {N}. "[nobody can mend it|how can I ever mend it]," {he} sighed.
{N} asked a {k2}. "[I cannot mend a {obj}|throw it away]," said the {k2}. {N} asked a {k3}, but the {k3} only yawned.
then {N} went to {FI}, who lived near {spot}. "[can you mend my {obj}|could you look at my {obj}|will you help me with my {obj}], {F}?" asked {N} the {kind}.
"[I can try|let me see]," said {F}. {F} worked all [day|afternoon] with a little hammer and some glue, and {N} held the lamp.
"[there you are|it is done]," said {F} at last. the {adj} {obj} was [whole again|as good as new]!
"[how can I thank you|what can I do for you], {F}?" asked {N}. "[stay and eat {food} with me|just be my friend]," said {F}.
?and {N} took good care of the {obj} from then on.
"""),
    "deliver": (["letter", "book", "map", "key", "basket", "cake", "bell", "candle", "scarf", "hat", "jar", "ribbon"], """
one {season} morning a {k2} came to {N} with a {adj} {obj}. "[please take this {obj} to {spot}|this {obj} must go to {spot}]," said the {k2}.
"[I will do it|you can count on me]," said {N} the {kind}, and {he} set off with the {obj}.
it was a long way. [first it rained|first there was a steep hill], and then [the wind blew hard|the bridge was broken].
?{N} kept the {obj} dry and safe and did not stop to rest.
at {spot2} {N} was so tired that {he} sat down. then {FI} came by.
"[I can carry the {obj} for a while|let me help you with the {obj}], {N}," said {F}. so they went on together.
at {spot} a {k3} was waiting. "[my {obj}! thank you both|at last, my {obj} is here]!" said the {k3}.
?{N} and {F} were given {food}, and [they walked home singing|the way home felt short].
"""),
    "birthday": (["cake", "candle", "hat", "crown", "ribbon", "kite", "drum", "ball", "puppet"], """
it was {N}'s birthday, but nobody said a word about it.
"[has everyone forgotten it|does nobody remember]?" thought {N}. {N} asked a {k2}, but the {k2} [hurried away|was too busy].
{N} went to {spot}, and there was {FI}. {F} was hiding something. it was a {adj} {obj}.
"[what is that {obj} for|why do you have a {obj}], {F}?" asked {N}. "[oh, nothing|I cannot tell you]," said {F}, and hurried away with the {obj}.
{N} the {kind} felt sad and walked home. it was dark in the house.
then a light went on. "surprise!" called {F}, a {k2} and a {k3}. "happy birthday, {N}!"
on the table stood {food}, and next to it was the {adj} {obj}. "[the {obj} is for you|this {obj} is your present], {N}," said {F}.
?nobody had forgotten {N} at all.
{N} and {F} [danced|sang|laughed] until late, and {N} never let go of the {obj}.
"""),
    "sell": (SOLD, """
{N} had a {adj} {obj} and loved it more than anything else.
one {season} {FI} fell ill. "[{F} needs medicine|the medicine costs ten coins]," said a {k2}. but there was no money.
{N} the {kind} looked at the {obj} for a long time. then {N} took the {obj} to the market.
a {k3} gave {N} ten coins for the {obj}. {N} was sad, but {he} bought the medicine and took it to {F}.
after three days {F} was well again. "[where is your {obj}|I do not see your {obj}], {N}?" asked {F}.
"[I sold it|I gave it away]," said {N}. "[a friend is worth more than a {obj}|you are worth more than any {obj}]."
{F} said nothing. but {F} worked for many days near {spot}, and one morning there was a parcel at {N}'s door.
in the parcel lay the {adj} {obj}! {N} [laughed and cried|was so happy], and {F} [laughed too|was happy too].
"""),
    "crow": (SHINY, """
{N} had a {adj} {obj} that shone in the sun. every evening {N} put the {obj} on the window sill.
one {season} morning the {obj} was gone. on the sill lay only a black feather.
"[a crow took my {obj}|someone has taken my {obj}]!" said {N} the {kind}, and {he} went to ask {FI}.
"[I know where the crow lives|I saw a crow with a {obj}]," said {F}. "[its nest is near {spot}|it flew to {spot}]."
{N} and {F} went to {spot}. there sat the crow, and in the nest lay the {adj} {obj}.
"[please give me back my {obj}|that is my {obj}]," said {N}. "[but it is so pretty|but I am so lonely]," said the crow.
"[if you give it back, you may visit us every day|come and eat with us, and you can look at it]," said {F}. so the crow gave back the {obj}.
that evening {N}, {F} and the crow ate {food} and watched the {obj} shine.
"""),
    "treasure": (BURIED, """
one {season} day {N} was digging near {spot}. clunk! there was [an old box|a little chest] in the ground.
"[a treasure|I have found a treasure]!" cried {N}. {he} called {FI}, and together they pulled the box out.
"[it must be full of gold|now we are rich]," said {F}. but the lid was stuck.
{N} the {kind} pushed and {F} pulled. at last the box was open. in the box there was only a {adj} {obj}.
"[only a {obj}|a {obj} is no treasure]," said {F}. but {N} [cleaned the {obj}|held the {obj} up to the light].
under the {obj} lay a note. "[this {obj} is for the one who finds it|who finds this {obj} will find a friend]," it said. "[share it with a friend|keep it well]."
{N} looked at {F}. "[then the {obj} is for both of us|a friend is a better treasure than gold]," said {N}.
they put the {adj} {obj} in a safe place, and [it was their treasure for ever|nobody else ever knew about it].
"""),
    "hide": (LOOSE, """
one {season} day {N} and {FI} played hide and seek near {spot}. {F} counted to twenty, and {N} hid.
{N} the {kind} hid behind {spot2}. there, in the [leaves|grass], was a {adj} {obj}.
"[how did a {obj} come here|whose {obj} is this]?" said {N}. {N} looked at the {obj} and forgot the game.
{F} looked here and there, and called and called, but {N} did not hear. soon it was getting dark.
then {F} began to worry. "[where are you|come out], {N}!" called {F}. a {k2} helped to look.
at last {F} saw {N} with the {obj}. "[I was so worried|there you are]!" said {F}. "[I am sorry|I forgot the time]," said {N}. "[look at this {obj}|I found a {obj}]."
"[that is my {obj}|oh, my old {obj}]!" cried {F}. "I lost that {obj} a year ago, {use_last}."
so {F} had found {N}, and {N} had found the {obj}, and [both had won the game|they laughed all the way home].
"""),
    "moon": (SKY, """
every night {N} looked at the moon. "[I would like to be closer to it|how far away it is]," said {N}.
one {season} evening {N} took a {adj} {obj} to the top of the hill behind {spot}.
there sat {FI}. "[what do you want with that {obj}|why do you need a {obj} up here], {N}?" asked {F}.
"[with the {obj} I will be closer to the moon|the {obj} will help me to see the moon]," said {N} the {kind}.
{F} did not laugh. "[may I stay with you|may I look at it with you]?" asked {F}. "[yes, let us share the {obj}|of course, come here]," said {N}.
so {N} and {F} sat by the {obj}, ate {food} and waited. at last the moon came up, big and round.
"[it is not closer|it is still far away]," said {N}, "but [it is lovelier with a friend|tonight I do not mind]."
?a {k2} sang far away, and the stars came out.
after that {N} and {F} took the {obj} to the hill on every clear night.
"""),
    "attic": (None, """
one rainy {season} day {N} was cleaning the [attic|old shed], and {FI} came to help.
under a dusty sheet they found a {adj} {obj}. "[where does this {obj} come from|I have never seen this {obj}]," said {F}.
"[let us ask|we should ask|I think we should ask] my grandmother," said {N} the {kind}. so they took the {obj} and went to see {N}'s grandmother near {spot}.
when the grandmother saw the {obj}, she smiled. "[that {obj} was mine|I thought the {obj} was lost]," she said.
"when I was [young|little], my best friend gave me the {obj}. [we shared it for years|we were happy every day]."
"[you must have it back|take it, it is yours], grandmother," said {N}.
"[no|no, no]," said the grandmother. "[now it is for you and your friend|now the {obj} is yours]. take good care of it."
{N} and {F} ate {food} with her and carried the {adj} {obj} home. [a {obj} with a story is the best of all|they shared it for years, too].
"""),
    "parade": (PARADE, """
there was going to be a parade on the day of the {season} fair, and {N} had a {adj} {obj} for it.
{FI} had nothing for the parade. "[I will stay at home|everyone will laugh at me]," said {F}.
"[come with me|do not stay at home], {F}," said {N} the {kind}. "[we can share my {obj}|you can have the {obj} for half of the way]."
on the morning of the fair {N} and {F} went to {spot} with the {obj}. a {k2} came first and a {k3} came last.
{N} had the {obj} as far as {spot2}, and then {F} had the {obj}. [everyone cheered|everyone waved].
"[hurray for {N} and {F}|what a fine {obj}]!" called the {k3}.
?in the end {N} and {F} won a prize: it was {food}, enough for two.
"[thank you for the {obj}|it was the best parade of all], {N}," said {F}. "[next year you go first|that is what friends are for]," said {N}.
"""),
    "borrow": (["ladder", "boat", "basket", "wagon", "broom", "bucket", "tent", "rope", "spoon", "umbrella", "teapot", "sled",
                "telescope", "lantern"], """
one {season} day {N} went to {FI}. "[may I borrow your {obj}|can you lend me your {obj}], {F}?" asked {N}. "[I need it for one day|I will bring it back soon]."
"[of course|yes, you may]," said {F}, and gave {N} the {adj} {obj}.
the {obj} was so useful that {N} kept it. one day went by, and then a week, and then a month.
one day {F} needed the {obj}. but {F} was too [shy|polite] to ask for it.
then a {k2} said to {N}, "[is that not {F}'s {obj}?|I think {F} is missing that {obj}.]"
{N} the {kind} felt very bad. {he} cleaned the {obj}, filled a bag with {food} and went to {F}'s house near {spot}.
"[here is your {obj}|I have kept your {obj} for too long]," said {N}. "[I am sorry|please forgive me], {F}."
"[thank you for bringing it back|that is all right], {N}," said {F}. "[next time just ask again|you may borrow it whenever you like]."
"""),
    "lucky": (LUCKY, """
{N} had a {adj} {obj} and thought that it was lucky. {N} never went anywhere without the {obj}.
one {season} day there was a [singing|cooking|painting] contest at {spot}. {FI} wanted to take part, but was afraid.
"[take my lucky {obj}|this {obj} will help you], {F}," said {N}. {F} took the {obj} and felt much better.
{F} did very well and won the first prize! "[it was the {obj}|your {obj} brought me luck], {N}!" said {F}.
but when they looked, the {obj} was not there. {F} had left the {obj} at home on the table!
"then it was not the {obj}," said {N} the {kind}. "[you did it all by yourself|it was you, {F}]."
{F} was very proud. {N} and {F} [laughed|ate {food}] together, and [a {k2} clapped|a {k2} joined them].
?{N} still keeps the {obj}, but now {N} knows that [luck comes from trying|nobody needs a lucky {obj}].
"""),
    "carry": (CARRY, """
it was {season}, and there was ripe fruit near {spot}. {N} took a {adj} {obj} and went to pick it.
by noon the {obj} was full. "[what a heavy {obj}|I cannot lift this {obj} alone]," said {N} the {kind}.
just then {FI} came by. "[shall I help you with the {obj}|shall we carry the {obj} together], {N}?" asked {F}.
on the way home they met a hungry {k2}, and {N} gave the {k2} something from the {obj}.
then they met a {k3} with seven little ones, and {N} gave them something from the {obj}, too.
when they came home, the {obj} was [almost|nearly] empty. "[there is nothing left for us|now we have no supper]," said {F}.
but soon the {k2} came with {food}, and the {k3} came with a big pot of soup. "[thank you|this is for you]," they said.
[what you give comes back to you|an empty {obj} can bring a full table], and {N} and {F} ate until they were full.
"""),
    "read": (READ, """
one {season} day {N} found a {adj} {obj} near {spot}. but {N} could not read.
"[what does the {obj} say|I wonder what is in this {obj}]?" said {N}. {he} showed the {obj} to a {k2}, but the {k2} could not read.
then {N} the {kind} went to {FI}, who had learned to read at school.
"[I could read the {obj} to you|I can read it], {N}," said {F}. "[but it is better if you learn it yourself|but I would rather teach you]."
so every day {F} sat with {N} under a tree, and they looked at the {obj}. first {N} learned the letters, and then the words.
?it was hard, and sometimes {N} wanted to give up, but {F} was patient.
one day {N} opened the {obj} and read it from the beginning to the end. "[I can read|I read the whole {obj}]!" cried {N}.
and what did the {obj} say? it told of [a treasure near {spot2}|two good friends], and {N} and {F} [smiled|laughed] at that.
"""),
}


def _parse(s: str):
    """A template as a list of strings and of tuples of alternatives, each a list again."""
    def seq(i: int, inner: bool):
        out, alts, start = [], [], i
        while i < len(s):
            c = s[i]
            if c == "[":
                if i > start:
                    out.append(s[start:i])
                sub, i = seq(i + 1, True)
                out.append(sub)
                start = i
                continue
            if c in "|]" and (inner or c == "|"):
                if i > start:
                    out.append(s[start:i])
                alts.append(out)
                out = []
                start = i + 1
                if c == "]":
                    return tuple(a[0] if len(a) == 1 and isinstance(a[0], str) else a for a in alts), i + 1
            i += 1
        if i > start:
            out.append(s[start:i])
        alts.append(out)
        return tuple(a[0] if len(a) == 1 and isinstance(a[0], str) else a for a in alts), i
    return seq(0, False)[0]


def _put(rnd, node, out: list) -> None:
    """Writes one random expansion of a parsed template."""
    node = node[int(rnd() * len(node))]
    if node.__class__ is str:
        out.append(node)
        return
    for x in node:
        if x.__class__ is str:
            out.append(x)
        else:
            _put(rnd, x, out)


def _pick(rnd, seq):
    return seq[int(rnd() * len(seq))]


_NAMES = list(PLOTS)
_OBJECTS = list(OBJECTS)
_FITS = {k: p[0] or _OBJECTS for k, p in PLOTS.items()}
_BY_OBJECT = {o: [k for k in PLOTS if o in _FITS[k]] for o in _OBJECTS}
_BEATS = {k: [(b[0] == "?", _parse(b.lstrip("?"))) for b in p[1].strip().split("\n")] for k, p in PLOTS.items()}
_LISTS = {k: [_parse(x) for x in v] for k, v in dict(
    opening=OPENINGS, opening_obj=OPENINGS_OBJ, friend=FRIEND, extra=EXTRA, at_place=AT_PLACE, end_place=END_PLACE,
    ending=ENDINGS).items()}
_ASK = "[tell me|write|write me|can you tell me|can you write|please tell me|please write|I would like|I want|give me|could you write]" \
       " a [|short |bedtime |little |nice |children's ]story"
_ASKS = {k: _parse(_ASK + x) for k, x in {
    "kind obj": " [about|with] a {kind} and a {obj}[|||, please]",
    "kind obj 2": " about a {kind} [with a {obj}|who has a {obj}]",
    "kind": " [about|with] a {kind}[|||, please]",
    "obj": " [about|with] a {obj}[|||, please]|" + _ASK + " in which there is a {obj}",
    "kind name": " about a {kind} [named|called|whose name is] {N}|" + _ASK + " about {N} the {kind}",
    "names": " about {N} and {F}[|||, please]|" + _ASK + " [with two friends|about two friends] [named|called] {N} and {F}",
    "place": " about a {kind} [|who lives |that lives ]{pin} a {pn}",
    "place only": " [that happens|set|that takes place] {pin} a {pn}",
    "trait": " about a {trait} {kind}[|||, please]",
}.items()}
_TYPES = ["kind obj", "kind obj 2", "kind", "obj", "kind name", "names", "place", "place only", "trait"]
_CUM = [32, 40, 51, 62, 73, 83, 89, 93, 100]
_CUM_HELD = [40, 50, 50, 50, 65, 80, 90, 90, 100]


def _hero_kind(rnd) -> str:
    return _pick(rnd, SPECIES) if rnd() < 0.78 else _pick(rnd, TRADES)


def make(r: random.Random, held: bool | None = False) -> Item:
    """A question for a story, and the story."""
    rnd = r.random
    x = rnd() * 100
    what = next(t for t, c in zip(_TYPES, _CUM_HELD if held else _CUM) if x < c)
    want = what if held else ""                       # the pair that has to be a held-out one

    def bad(pair: str, *parts) -> bool:
        """Whether the pair may not stand here: nothing held out is in a training item."""
        return held is not None and held_out(*parts) != (pair == want[:len(pair)]) and (not held or pair == want[:len(pair)])

    for _ in range(400):
        plot = _pick(rnd, _NAMES)
        obj, kind = _pick(rnd, _FITS[plot]), _hero_kind(rnd)
        if not bad("kind obj", kind, obj) and kind not in _UNFIT.get(plot, ()):
            break
    else:
        return make(r, held)                     # nothing fits what was drawn before
    sex = SEX.get(kind) or _pick(rnd, "fm")
    for _ in range(400):
        names = GIRLS if sex == "f" else BOYS
        name = names[-1 - int(rnd() ** 1.4 * len(names))]
        if not bad("kind name", kind, name):
            break
        kind_again = want == "kind name"
        if kind_again:                                # a species has few held-out names
            kind = _hero_kind(rnd)
            sex = SEX.get(kind) or sex
    else:
        return make(r, held)                     # nothing fits what was drawn before
    for _ in range(400):
        fkind = _hero_kind(rnd)
        if fkind == kind or fkind in _UNFIT.get(plot, ()) or held is not None and held_out(fkind, obj):
            continue
        fsex = SEX.get(fkind) or _pick(rnd, "fm")
        # Heroes have the last names more often, friends the first: whoever tells a story without
        # chance, always taking the likeliest name, does not give both the same.
        names = GIRLS if fsex == "f" else BOYS
        fname = names[int(rnd() ** 1.4 * len(names))]
        if fname == name or held is not None and held_out(fkind, fname):
            continue
        if not bad("names", *sorted((name, fname))):
            break
        if want == "names":                           # some names have no held-out partner
            name = _pick(rnd, GIRLS if sex == "f" else BOYS)
    else:
        return make(r, held)                     # nothing fits what was drawn before
    for _ in range(400):
        pn = _pick(rnd, _PLACES)
        if want == "place":
            kind = kind if rnd() < 0.5 else _pick(rnd, [k for k in SPECIES if k != fkind and not SEX.get(k)])
        if not bad("place", pn, kind):
            break
    else:
        return make(r, held)                     # nothing fits what was drawn before
    for _ in range(400):
        trait = _pick(rnd, TRAITS)
        if want == "trait" and rnd() < 0.5:
            kind = _pick(rnd, [k for k in SPECIES if k != fkind and not SEX.get(k)])
        if not bad("trait", trait, kind):
            break
    else:
        return make(r, held)                     # nothing fits what was drawn before
    f = sex == "f"
    ftrait = _pick(rnd, TRAITS)
    while ftrait == trait or held is not None and held_out(ftrait, fkind):
        ftrait = _pick(rnd, TRAITS)
    k2 = k3 = ""
    while k2 in ("", kind, fkind):
        k2 = _pick(rnd, OTHERS)
    while k3 in ("", kind, fkind, k2):
        k3 = _pick(rnd, OTHERS)
    spot = _pick(rnd, SPOTS)
    spot2 = spot
    while spot2 == spot:
        spot2 = _pick(rnd, SPOTS)

    placed = what.startswith("place")
    by_name = what == "names" or rnd() < 0.2
    named = "a {} {} {} {}"
    hero = named.format(trait, kind, "named" if rnd() < 0.6 else "called", name)
    friend = named.format(ftrait, fkind, "named" if rnd() < 0.6 else "called", fname)
    opening = rnd()
    out: list[str] = []
    put = out.append
    # The first sentences: the hero, and what was asked for.
    if what in ("obj", "kind obj 2") or what == "kind obj" and opening < 0.75:
        _put(rnd, _pick(rnd, _LISTS["opening_obj"]), out)
    else:
        _put(rnd, _pick(rnd, _LISTS["opening"]), out)
    put("\n")
    if by_name:
        _put(rnd, _pick(rnd, _LISTS["friend"]), out)
        put("\n")
    if placed:
        _put(rnd, _pick(rnd, _LISTS["at_place"]), out)
        put("\n")
    elif not by_name and rnd() < 0.2:
        _put(rnd, _pick(rnd, _LISTS["extra"]), out)
        put("\n")
    beats = _BEATS[plot]
    cut = len(beats) // 2 if rnd() < 0.5 else -1
    for i, (optional, b) in enumerate(beats):
        if optional and rnd() < 0.4:
            continue
        if i == cut:
            put("\n")
        _put(rnd, b, out)
        put("\n")
    if placed:
        _put(rnd, _pick(rnd, _LISTS["end_place"]), out)
    elif rnd() < 0.6 and sum(map(len, out)) < 1050:
        _put(rnd, _pick(rnd, _LISTS["ending"]), out)
    padj = _pick(rnd, PLACE_ADJ[pn])
    v = dict(N=name, kind=kind, trait=trait, he="she" if f else "he", his="her" if f else "his", F=fname, fkind=fkind,
             NI=hero, FI=fname + " the " + fkind if by_name else friend, obj=obj, adj=_pick(rnd, ADJ[obj]), use=USE[obj],
             spot=spot, spot2=spot2, k2=k2, k3=k3, season=_pick(rnd, _SEASON.get(plot, SEASONS)), food=_pick(rnd, _FOOD),
             color=_pick(rnd, _RIBBON), pn=pn, pin=PLACES[pn], place=PLACES[pn] + " a " + padj + " " + pn,
             use_last=_pick(rnd, _LAST))
    text = "".join(out)
    if by_name:                                       # the introduction brings the friend's kind
        text = text.replace("{FI}", friend, 1)
    text = fill(r, text.rstrip(), v)
    text = text.replace("\n\n", "\t").replace("\n", " ").replace("\t", "\n\n").rstrip()

    out = []
    _put(rnd, _ASKS[what], out)
    ask = "".join(out)
    ask = fill(r, ask + ("?" if ask[:2] in ("ca", "co") else "."), v)
    if what.startswith("kind obj"):
        mentions: tuple[str, ...] = (kind, obj)
    elif what == "kind":
        mentions = (kind,)
    elif what == "obj":
        mentions = (obj,)
    elif what == "kind name":
        mentions = (kind, name)
    elif what == "names":
        mentions = (name, fname)
    elif what == "place":
        mentions = (kind, pn)
    elif what == "place only":
        mentions = (pn,)
    else:
        mentions = (trait, kind)
    title = _pick(rnd, _TITLES).format(N=name, F=fname, K=kind.capitalize(), O=obj.capitalize())
    return Item(ask, text, title + "\n\n" + text, mentions)


_PLACES = list(PLACES)
# Who cannot be in a plot, as hero or as friend; and when a plot happens.
_UNFIT = {"crow": {"crow"}, "flood": set("duck swan penguin seal otter beaver turtle frog goose snail robot".split()),
          "snow": {"robot", "penguin", "seal"}, "sell": {"robot"}, "fear": {"giraffe"}, "stuck": {"ant", "bee"}}
_SEASON = {"garden": ["spring"], "snow": ["winter"], "carry": ["summer", "autumn"]}
_FOOD = [x for x in FOODS if x != "hot cocoa"]
_RIBBON = ["red", "blue", "green", "yellow", "purple", "white"]
_LAST = ["and I missed it so much", "and I looked for it everywhere", "and I never found it"]
_TITLES = ["{N} the {K} and the {O}", "The {K} and the {O}", "{N} and {F}", "{N} and the {O}", "{N}'s {O}", "{N} the {K}"]
