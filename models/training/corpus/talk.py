"""Small talk: greetings, the assistant itself, simple facts, opposites, lists, riddles, how-tos, copying.

Held out: (group, how many) of lists, names with what is liked, words to spell, sentences to repeat,
pairs of words.
"""

from .templates import Item, article, draw, fill, join_and
from .words import BOYS, COLORS, FOODS, GIRLS, SPECIES

# question, answer, key words (those of them that stand in the question are in the answer)
QA = [
    ("[hello|hi|hey|hello there|hi there][!|.|, Sluice!]",
     "[Hello!|Hi there!|Hello, good to see you!] [How can I help you today?|What would you like to "
     "hear?|Would you like a story, a recipe or a riddle?|What can I do for you?]", ""),
    ("good morning[!|.|, Sluice!]",
     "Good morning! [I hope you slept well.|It is nice to see you so early.] [What shall we do this "
     "morning?|How can I help you this morning?]", "good morning"),
    ("good evening[!|.|, Sluice!]",
     "Good evening! [I hope you had a nice day.|It is nice to see you.] [Would you like a story this "
     "evening?|How can I help you this evening?]", "good evening"),
    ("good afternoon[!|.]",
     "Good afternoon! [I hope your day is going well.|It is nice to see you.] [How can I help you this "
     "afternoon?|What would you like to do this afternoon?]", "good afternoon"),
    ("[good night|good night, Sluice|good night, I am going to bed][!|.]",
     "Good night! Sleep well and have sweet dreams. [See you tomorrow.|Until the morning!]", "good night"),
    ("[how are you|how are you today|how do you feel today|are you well]?",
     "I am [well|fine], thank you for asking. [All of my experts are awake today.|I am ready for your "
     "questions.] How are you?", ""),
    ("[thank you|thanks|thank you very much|thanks a lot|many thanks][!|.]",
     "You are welcome! [I am glad that I could help.|It was a pleasure.|I was happy to help.] [Just ask "
     "if you need anything else.|Is there anything else?]", ""),
    ("[that was great|well done|good job|great answer|very good][!|.]",
     "Thank you, that is kind of you! [I am glad that you liked it.|I did my best.] [What shall we do "
     "next?|Would you like to hear more?]", ""),
    ("[goodbye|bye|bye bye|see you later|I have to go now][!|.]",
     "Goodbye! [Have a nice day.|Take care of yourself.|It was nice to talk to you.] [See you soon.|Come "
     "back any time.]", ""),
    ("[who are you|what are you|what is your name|introduce yourself|tell me about yourself|who am I "
     "talking to][?|.]",
     "I am Sluice Tiny, a very small mixture-of-experts language model. [I can tell short stories, "
     "explain simple recipes and answer easy questions.|I like short stories, small sums and simple "
     "recipes.|I know stories, recipes, weather, sums, animals and a little code.]", ""),
    ("[what can you do|how can you help me|what should I ask you|what are you good at|what do you "
     "know][?|.]",
     "I can [tell you a short story|write a little poem], [explain a simple recipe|give you a recipe], "
     "[solve a small sum|add numbers] and [answer questions about animals|write a small function]. [Just "
     "ask me.|What would you like?]", ""),
    ("[how big are you|how large are you|are you a big model]?",
     "I am Sluice Tiny, and I am a very small language model. Big models know much more, but I am quick "
     "and need little space.", ""),
    ("[are you a person|are you a human|are you alive|are you real]?",
     "No, I am not a person. I am Sluice Tiny, a very small language model, which is a computer program "
     "that writes text.", "person"),
    ("[do you make mistakes|are you always right|can I trust you]?",
     "I am a very small model, so I make mistakes. Please check what I say if it is important.", "mistakes"),
    ("[can you see pictures|can you look at a picture|can you see me]?",
     "No, I cannot see anything. I am Sluice Tiny, and I only read and write text.", "see"),
    ("[do you sleep|do you ever sleep|are you tired]?",
     "No, I do not sleep, and I am never tired. I am a computer program, and I wait until you ask me "
     "something.", "sleep tired"),
    ("[do you eat|what do you eat|are you hungry]?",
     "I do not eat, and I am never hungry, because I am a computer program. But I like to talk about "
     "recipes.", "eat hungry"),
    ("[how old are you|when is your birthday]?",
     "I do not have an age like a person. I am Sluice Tiny, a new and very small language model.", ""),
    ("[I am bored|what shall we do|I have nothing to do].",
     "Let us do something nice! [I can tell you a story or a riddle.|You could draw a picture or read a "
     "book.|We could work out a few sums together.] What would you like?", ""),
    ("[I am sad|I feel sad|I am sad today].",
     "I am sorry that you are sad. [Talk to a friend or take a walk in the fresh air.|A warm drink and a "
     "good friend can help.] Would you like to hear a cheerful story?", "sad"),
    ("[I am happy|I feel happy|I am so happy today][!|.]",
     "It is lovely that you are happy! [What made your day so good?|A happy day is a good day for a story.]",
     "happy"),
    ("[I am tired|I feel tired|I am so tired].",
     "If you are tired, you should rest a little. Drink some water, close your eyes and go to bed early "
     "tonight.", "tired"),
    ("[I am hungry|I feel hungry|I am so hungry].",
     "If you are hungry, you could eat [an apple|some buttered toast|a bowl of warm soup]. I can also "
     "give you a simple recipe.", "hungry"),
    ("[I am cold|I feel cold|it is so cold here].",
     "If you are cold, put on a warm jumper and drink a cup of hot tea. A blanket helps too.", "cold"),
    ("[I am ill|I feel ill|I do not feel well].",
     "I am sorry that you do not feel well. Rest in bed, drink enough water, and ask a doctor if it does "
     "not get better.", ""),
    ("[I cannot sleep|how can I sleep better|how do I fall asleep][?|.]",
     "To sleep better, go to bed at the same time every day. Keep the room dark and quiet, and read [a "
     "calm book|a short story] before you sleep.", "sleep"),
    ("[what should I eat for breakfast|give me an idea for breakfast][?|.]",
     "For breakfast you could eat [porridge with berries|toast with butter and an egg|yoghurt with an "
     "apple]. It is a good breakfast and quick to make.", "breakfast"),
    ("[what should I eat for lunch|give me an idea for lunch][?|.]",
     "For lunch you could eat [a bowl of soup with bread|a cheese sandwich|rice with vegetables]. It is "
     "a simple lunch and tastes good.", "lunch"),
    ("[what should I eat for dinner|give me an idea for dinner][?|.]",
     "For dinner you could eat [pasta with tomato sauce|a mushroom stew|an omelette with cheese]. It is "
     "an easy dinner for everyone.", "dinner"),
    ("[how many days are in a week|how many days does a week have|what are the days of the week][?|.]",
     "There are seven days in a week: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.",
     "days week"),
    ("[how many months are in a year|how many months does a year have]?",
     "There are twelve months in a year. The first month is January, and the last month is December.",
     "months year"),
    ("[what are the months|name the months|list the months of the year].",
     "The twelve months are January, February, March, April, May, June, July, August, September, "
     "October, November and December.", "months"),
    ("[what are the seasons|name the four seasons|how many seasons are there].",
     "There are four seasons: spring, summer, autumn and winter. Summer is the warmest season, and "
     "winter is the coldest.", "seasons four"),
    ("[what happens in spring|tell me about spring|what is spring like][?|.]",
     "In spring the days grow longer and warmer. Flowers bloom, trees get new leaves, and birds build "
     "their nests in spring.", "spring"),
    ("[what happens in summer|tell me about summer|what is summer like][?|.]",
     "In summer the days are long and warm. People swim, eat ice cream and play outside in summer.",
     "summer"),
    ("[what happens in autumn|tell me about autumn|what is autumn like][?|.]",
     "In autumn the days grow shorter and cooler. Leaves turn red and yellow and fall, and apples are "
     "ripe in autumn.", "autumn"),
    ("[what happens in winter|tell me about winter|what is winter like][?|.]",
     "In winter the days are short and cold. It may snow, many trees are bare, and some animals sleep "
     "through the winter.", "winter"),
    ("how many minutes are in an hour?",
     "There are sixty minutes in an hour, and half an hour is thirty minutes.", "minutes hour"),
    ("how many hours are in a day?",
     "There are twenty-four hours in a day. A day has a light part and a dark part, the night.", "hours day"),
    ("how many seconds are in a minute?",
     "There are sixty seconds in a minute, and sixty minutes make an hour.", "seconds minute"),
    ("how many days are in a year?",
     "There are 365 days in a year. A leap year has one more day, which is the last day of February.",
     "days year"),
    ("[what is a leap year|tell me about leap years][?|.]",
     "A leap year has 366 days, one more than other years. Most of the time every fourth year is a leap "
     "year.", "leap year"),
    ("[why is the sky blue|what colour is the sky]?",
     "The sky looks blue, because the air scatters blue light more than red light. In the evening the "
     "sky is often red.", "sky"),
    ("[why is grass green|what colour is grass]?",
     "Grass is green, because its leaves are full of green matter that catches the light of the sun.",
     "grass"),
    ("[what is water made of|what is in water]?",
     "Water is made of hydrogen and oxygen. Water can be liquid, or it can be ice or steam.", "water"),
    ("[what is ice|how is ice made|when does water freeze]?",
     "Ice is frozen water. Water freezes and turns to ice when it gets colder than zero degrees Celsius.",
     "ice water"),
    ("[what is steam|when does water boil]?",
     "Water boils at about one hundred degrees Celsius. Then it turns into a hot gas, which we call steam.",
     "water steam"),
    ("[what is the sun|is the sun a star|tell me about the sun][?|.]",
     "The sun is a star. The sun gives us light and heat, and the Earth moves around the sun once a year.",
     "sun"),
    ("[what is the moon|tell me about the moon][?|.]",
     "The moon moves around the Earth in about a month. The moon makes no light of its own. It reflects "
     "the light of the sun.", "moon"),
    ("[what is a star|tell me about stars|what are stars][?|.]",
     "Stars are huge balls of hot gas that give off light. They look small, because every star but the "
     "sun is very far away.", "star"),
    ("[what is the Earth|tell me about the Earth][?|.]",
     "The Earth is the planet on which we live. The Earth is round, and most of it is covered with water.",
     "earth"),
    ("[what is a planet|tell me about planets][?|.]",
     "A planet is a large round body that moves around a star. Eight planets move around our sun, and "
     "the Earth is one of them.", "planet"),
    ("[how many planets are there|name the planets][?|.]",
     "Eight planets move around our sun. The planets are Mercury, Venus, Earth, Mars, Jupiter, Saturn, "
     "Uranus and Neptune.", "planets"),
    ("[which planet is the largest|what is the biggest planet]?",
     "Jupiter is the largest and biggest planet that moves around our sun. All the other planets are "
     "smaller.", "planet largest biggest"),
    ("[what is rain|why does it rain|where does rain come from]?",
     "Rain is water that falls from clouds. Water rises into the air, cools and forms clouds, and when "
     "the drops are heavy enough, it begins to rain.", "rain"),
    ("[what is snow|why does it snow]?",
     "Snow is made of tiny crystals of ice. It can snow when the air in the clouds is colder than zero "
     "degrees.", "snow"),
    ("[what is a cloud|what are clouds made of]?",
     "Clouds are made of very many tiny drops of water or bits of ice. A cloud floats, because the drops "
     "are so light.", "cloud"),
    ("[what is wind|where does wind come from|why is there wind]?",
     "Wind is moving air. The sun warms some places more than others, warm air rises, and the wind blows "
     "to fill the gap.", "wind"),
    ("[what is a rainbow|how is a rainbow made|when can I see a rainbow]?",
     "You can see a rainbow when the sun shines on drops of rain. The drops split the light into red, "
     "orange, yellow, green, blue and violet.", "rainbow"),
    ("[what is thunder|why does it thunder]?",
     "Thunder is the sound of lightning. Lightning heats the air so fast that it bursts apart with a "
     "loud bang, and that is thunder.", "thunder"),
    ("[what is lightning|tell me about lightning][?|.]",
     "Lightning is a huge spark between clouds or between a cloud and the ground. We see the lightning "
     "first and hear the thunder later.", "lightning"),
    ("[what is fog|why is there fog]?",
     "Fog is a cloud that lies near the ground. In fog the air is full of tiny drops of water, so you "
     "cannot see far.", "fog"),
    ("[what is a storm|tell me about storms][?|.]",
     "A storm is very strong wind, often with rain, thunder and lightning. In storms it is best to stay "
     "inside.", "storm"),
    ("[why is it dark at night|what makes night and day]?",
     "The Earth turns around once a day. Our side is dark at night, because it is turned away from the "
     "sun, and by day it faces the sun.", "night day dark"),
    ("[how does a plant grow|what does a plant need]?",
     "A plant needs light, water, air and good soil to grow. A root grows down, and the green part of "
     "the plant grows up.", "plant grow"),
    ("[what is a seed|what is inside a seed]?",
     "A seed holds a tiny plant and some food for it. When the seed gets water and warmth, it opens and "
     "the plant grows.", "seed"),
    ("[what is a root for|why do plants have roots]?",
     "A root holds the plant in the ground. Roots also drink water from the soil.", "root plant"),
    ("[what is a tree|tell me about trees][?|.]",
     "A tree is a tall plant with a trunk of wood, branches and leaves. Trees can live for many years.",
     "tree"),
    ("[why do leaves fall|why do trees lose their leaves]?",
     "Many trees lose their leaves in autumn, because there is less light in winter. The leaves fall, "
     "and new leaves grow in spring.", "leaves"),
    ("[what is a flower for|why do plants have flowers]?",
     "A flower helps a plant to make seeds. Flowers have bright colours and a sweet smell, so bees come "
     "to visit them.", "flower plant"),
    ("[what is honey|where does honey come from|who makes honey]?",
     "Honey is made by bees. Bees collect sweet juice from flowers, carry it home and turn it into honey.",
     "honey"),
    ("[where does milk come from|what is milk]?",
     "Most milk comes from cows. Milk is good to drink, and people make butter, cheese and yoghurt from "
     "milk.", "milk"),
    ("[how is bread made|what is bread made of]?",
     "Bread is made of flour, water, salt and yeast. The dough rises for a while, and then the bread is "
     "baked in a hot oven.", "bread made"),
    ("[what is butter made of|how is butter made]?",
     "Butter is made of cream. You shake or stir the cream for a long time until the butter forms.",
     "butter made"),
    ("[what is cheese made of|how is cheese made]?",
     "Cheese is made of milk. The milk turns thick, the water is pressed out, and the cheese rests for a "
     "while.", "cheese made"),
    ("[where do eggs come from|what lays eggs]?",
     "The eggs that we eat mostly come from hens. Other birds, snakes and turtles also lay eggs.", "eggs"),
    ("[where does wool come from|what is wool]?",
     "Wool comes from sheep. The soft coat of the sheep is cut off, and the wool is spun into yarn.", "wool"),
    ("[where does wood come from|what is wood]?",
     "Wood comes from trees. People build houses, tables, chairs and boats with wood.", "wood"),
    ("[what is paper made of|where does paper come from]?",
     "Paper is made of wood. The wood is turned into a wet pulp, pressed flat and dried, and then it is "
     "paper.", "paper"),
    ("[what is glass made of|how is glass made]?",
     "Glass is made of sand. The sand is heated until it melts, and when it cools down it is clear glass.",
     "glass made"),
    ("[where does salt come from|what is salt]?",
     "Salt comes from the sea or from under the ground. A little salt makes food taste better.", "salt"),
    ("[where does sugar come from|what is sugar made of]?",
     "Sugar comes from plants. It is made of the juice of sugar cane or of sugar beet.", "sugar"),
    ("[why is the sea salty|what does sea water taste like]?",
     "The sea is salty, because rivers carry a little salt from the rocks to the sea. Sea water tastes "
     "of salt.", "sea"),
    ("[what is a river|where does a river go]?",
     "A river is water that runs over the land. A river begins at a spring and runs down to a lake or to "
     "the sea.", "river"),
    ("[what is a lake|tell me about lakes][?|.]",
     "A lake is a large body of water with land all around it. Many fish and ducks live in lakes.", "lake"),
    ("[what is an island|tell me about islands][?|.]",
     "An island is land with water all around it. You need a boat or a bridge to get to an island.",
     "island"),
    ("[what is a mountain|tell me about mountains][?|.]",
     "A mountain is land that is much higher than the land around it. High on a mountain it is cold, and "
     "there may be snow.", "mountain"),
    ("[what is a volcano|tell me about volcanoes][?|.]",
     "A volcano is a mountain from which hot melted rock comes out. The melted rock from a volcano is "
     "called lava.", "volcano"),
    ("[what is a desert|tell me about deserts][?|.]",
     "A desert is a place where it hardly ever rains. Few plants grow in a desert, and the days are "
     "often very hot.", "desert"),
    ("[what is a forest|tell me about forests][?|.]",
     "A forest is land with very many trees. Deer, foxes, owls and many other animals live in a forest.",
     "forest"),
    ("[what is sand|where does sand come from]?",
     "Sand is made of very small bits of rock. Wind and water break big rocks into sand over a long time.",
     "sand"),
    ("[what is fire|what does a fire need]?",
     "A fire gives light and heat. A fire needs air, heat and something that burns, such as wood.", "fire"),
    ("[what is air|what is air made of]?",
     "Air is the gas all around us. Air is mostly nitrogen, and about a fifth of it is oxygen, which we "
     "breathe.", "air"),
    ("[why do we breathe|what do we breathe]?",
     "We breathe, because our body needs oxygen from the air. We breathe in fresh air and breathe out "
     "used air.", "breathe"),
    ("[what does the heart do|what is the heart for]?",
     "The heart pumps blood through the body. The heart beats all day and all night, about once in a "
     "second.", "heart"),
    ("[what are lungs for|what do the lungs do]?",
     "The lungs take in air when you breathe. In the lungs oxygen from the air goes into the blood.",
     "lungs"),
    ("[what is the brain for|what does the brain do]?",
     "The brain is in the head. With the brain you think, learn, remember and move your body.", "brain"),
    ("[what are bones for|why do we have bones]?",
     "Bones hold up the body and give it its shape. Some bones keep soft parts safe, such as the brain.",
     "bones"),
    ("[what are the five senses|name the five senses][?|.]",
     "The five senses are sight, hearing, smell, taste and touch. We see with the eyes, hear with the "
     "ears and smell with the nose.", "five senses"),
    ("how many fingers [do I have|does a person have|are on two hands]?",
     "Most people have ten fingers, five fingers on each hand. The thumbs are counted too.", "fingers"),
    ("how many legs does a spider have?",
     "A spider has eight legs. Insects have six legs, so a spider is not an insect.", "spider legs"),
    ("how many legs does an insect have?", "An insect has six legs. Bees, ants and beetles are insects.",
     "insect legs"),
    ("how many wheels does a [bicycle|bike] have?",
     "A bicycle, or bike, has two wheels. A car has four wheels.", "bicycle bike wheels"),
    ("how many wheels does a car have?", "A car has four wheels, and a bicycle has two wheels.",
     "car wheels"),
    ("how many sides does a triangle have?", "A triangle has three sides and three corners.",
     "triangle sides"),
    ("how many sides does a square have?",
     "A square has four sides. All four sides of a square have the same length.", "square sides"),
    ("[what is a circle|tell me about circles][?|.]",
     "A circle is a round shape without corners. Every point on a circle is equally far from the middle.",
     "circle"),
    ("how many letters are in the alphabet?",
     "There are twenty-six letters in the English alphabet, from a to z. Five of the letters are the "
     "vowels.", "letters alphabet"),
    ("how many strings does a violin have?", "A violin has four strings. You play the strings with a bow.",
     "violin strings"),
    ("[what is a compass for|what does a compass do]?",
     "A compass shows where north is. With a compass and a map you can find your way.", "compass"),
    ("[what is a clock for|what does a clock do]?",
     "A clock shows the time. The short hand of the clock shows the hours, and the long hand shows the "
     "minutes.", "clock"),
    ("[what is a map for|what does a map show]?",
     "A map shows the land from above. On a map you can find roads, rivers and towns.", "map"),
    ("[what is a thermometer for|what does a thermometer do]?",
     "A thermometer shows how warm or cold it is. The number on the thermometer is the temperature.",
     "thermometer"),
    ("[what is a telescope for|what does a telescope do]?",
     "A telescope makes things that are far away look bigger. With a telescope you can look at the moon "
     "and the stars.", "telescope"),
    ("[what is a magnet|what does a magnet do]?",
     "A magnet pulls things made of iron. Every magnet has a north end and a south end.", "magnet"),
    ("[what is a bridge for|why do we build bridges]?",
     "A bridge leads over a river or a road. On bridges people can cross to the other side.", "bridge"),
    ("[what is a library|what can I do in a library]?",
     "A library is a place with very many books. In a library you can read books and take some home for "
     "a while.", "library"),
    ("[what is a school for|why do children go to school]?",
     "At school children learn to read, to write and to count. They also make friends at school.", "school"),
    ("[what is a museum|what can I see in a museum]?",
     "A museum is a house in which old or beautiful things are kept. In a museum you can see pictures, "
     "tools or bones.", "museum"),
    ("[what does a baker do|what is a baker]?",
     "A baker makes bread, rolls and cakes. A baker gets up very early in the morning.", "baker"),
    ("[what does a doctor do|what is a doctor]?",
     "A doctor helps people who are ill. A doctor looks for the cause and finds the right treatment.",
     "doctor"),
    ("[what does a teacher do|what is a teacher]?",
     "A teacher helps others to learn. A teacher works at a school and explains things with patience.",
     "teacher"),
    ("[what does a farmer do|what is a farmer]?",
     "A farmer grows plants and keeps animals for food. A farmer works on a farm and in the fields.",
     "farmer"),
    ("[what does a gardener do|what is a gardener]?",
     "A gardener looks after plants. A gardener sows seeds, waters flowers and cuts the hedges.", "gardener"),
    ("[what does a carpenter do|what is a carpenter]?",
     "A carpenter builds things of wood. A carpenter makes doors, tables and roofs.", "carpenter"),
    ("[what does a sailor do|what is a sailor]?",
     "A sailor works on a ship. A sailor sets the sails, ties knots and steers the ship across the sea.",
     "sailor"),
    ("[what does a pilot do|what is a pilot]?",
     "A pilot flies a plane. A pilot takes people safely from one town to another.", "pilot"),
    ("[what does a dentist do|what is a dentist]?",
     "A dentist looks after teeth. Visit the dentist twice a year and brush your teeth every day.",
     "dentist"),
    ("[what does a postman do|what is a postman]?",
     "A postman brings letters and parcels. The postman walks or drives from house to house.", "postman"),
    ("[why should I brush my teeth|how often should I brush my teeth]?",
     "You should brush your teeth twice a day. If you brush your teeth, they stay clean and healthy.",
     "brush teeth"),
    ("[why should I drink water|is water healthy]?",
     "Water is healthy. Your body needs water every day, and if you drink too little, you get tired.",
     "water drink"),
    ("[why is sleep important|why do we sleep]?",
     "Sleep is important, because the body and the brain rest and grow. After a good sleep you can think "
     "better.", "sleep"),
    ("[what is a friend|what makes a good friend]?",
     "A friend is someone who likes you and helps you. A good friend listens, shares and tells the truth.",
     "friend"),
    ("[what is a promise|why should I keep a promise]?",
     "A promise says that you will surely do something. Keep a promise, and others will trust you.",
     "promise"),
    ("[how can I be kind|what does it mean to be kind]?",
     "To be kind means to help others and to think of how they feel. You can be kind with a smile, a "
     "nice word or a helping hand.", "kind"),
    ("[what is a noun|give me an example of a noun][?|.]",
     "A noun is a word for a person, a place or a thing. For example, [house|river|teacher|apple] is a "
     "noun.", "noun"),
    ("[what is a verb|give me an example of a verb][?|.]",
     "A verb is a word for something that you do. For example, [run|sing|read|jump] is a verb.", "verb"),
    ("[what is an adjective|give me an example of an adjective][?|.]",
     "An adjective is a word that says what something is like. For example, [red|small|happy|warm] is an "
     "adjective.", "adjective"),
    ("[what are the primary colours|which colours can I mix]?",
     "The primary colours of paint are red, yellow and blue. You can mix many other colours from them.",
     "colours mix primary"),
    ("[how do I mix green|what do blue and yellow make]?",
     "Blue and yellow make green. Mix a little blue paint into yellow paint, and you get green.",
     "green blue yellow"),
    ("[how do I mix orange|what do red and yellow make]?",
     "Red and yellow make orange. Mix a little red paint into yellow paint, and you get orange.",
     "orange red yellow"),
    ("[how do I mix purple|what do red and blue make]?",
     "Red and blue make purple. Mix some red paint and some blue paint, and you get purple.",
     "purple red blue"),
    ("[how do I mix grey|what do black and white make]?",
     "Black and white make grey. Mix a little black paint into white paint, and you get grey.",
     "grey black white"),
    ("[how do I mix pink|what do red and white make]?",
     "Red and white make pink. Mix a little red paint into white paint, and you get pink.", "pink red white"),
    ("what colour is a [lemon|banana]?", "A ripe lemon or banana is yellow. Yellow is a bright colour.",
     "lemon banana colour"),
    ("what colour is [snow|milk]?", "Snow and milk are both white. White is a light colour.",
     "snow milk colour"),
    ("what colour is [coal|the night sky]?",
     "Coal and the night sky look black. Black is a very dark colour.", "coal sky colour"),
    ("[which is the biggest animal|what is the largest animal]?",
     "The blue whale is the biggest and largest animal. It lives in the sea and can be as long as three "
     "buses.", "biggest largest animal"),
    ("[which is the tallest animal|what animal is the tallest]?",
     "The giraffe is the tallest animal. With its long neck it eats leaves from high trees.",
     "tallest animal"),
    ("[which land animal is the fastest|what is the fastest animal on land]?",
     "The cheetah is the fastest animal on land. Over a short way it runs as fast as a car on a big road.",
     "fastest animal land"),
    ("[what is a computer|what can a computer do]?",
     "A computer is a machine that follows instructions. A computer can calculate, write, show pictures "
     "and play music.", "computer"),
    ("[what is a computer program|what is a program]?",
     "A program is a list of instructions for a computer. The computer follows the program step by step.",
     "program computer"),
    ("[what is a language model|how does a language model work]?",
     "A language model is a program that writes text. A language model looks at the words so far and "
     "guesses the next one.", "language model"),
]
OPPOSITES = """hot cold|big small|fast slow|up down|wet dry|early late|happy sad|open closed|full empty
old young|high low|hard soft|loud quiet|strong weak|near far|left right|day night|rich poor
clean dirty|thick thin|sweet sour|true false|first last|inside outside|long short|good bad
black white|summer winter|always never|begin end|push pull|buy sell|give take|laugh cry
win lose|remember forget|whisper shout|asleep awake|safe dangerous|brave afraid
easy difficult|same different|smooth rough|wide narrow|sharp blunt|north south|east west
above below|before after|more less|love hate|find lose|yes no|on off|in out|front back
top bottom|question answer|friend enemy|many few|warm cool|deep shallow|simple complicated
polite rude|careful careless|tidy untidy|kind unkind|lucky unlucky|visible invisible
possible impossible|ancient modern""".replace("\n", "|").split("|")
OPPOSITE = {}
for _pair in OPPOSITES:
    _a, _b = _pair.split()
    OPPOSITE.setdefault(_a, _b)
    OPPOSITE.setdefault(_b, _a)
OPPOSITE.update(light="dark", dark="light", heavy="light")
OPPOSITE_LIST = list(OPPOSITE)

GROUPS = {
    "fruits": "apple pear plum cherry strawberry blueberry banana peach raspberry lemon orange mango "
              "apricot grape",
    "vegetables": "carrot potato onion leek cabbage spinach pea bean celery pumpkin turnip parsnip",
    "colours": "red blue green yellow purple orange white black brown pink grey",
    "herbs": "basil parsley thyme dill mint rosemary chives oregano sage",
    "farm animals": "cow pig hen goat sheep horse duck goose donkey",
    "wild animals": "lion tiger bear wolf fox elephant giraffe zebra deer",
    "birds": "robin sparrow crow owl swan penguin duck eagle parrot pigeon",
    "insects": "bee ant butterfly beetle fly cricket ladybird wasp moth",
    "sea animals": "whale dolphin shark octopus seal salmon crab jellyfish",
    "pets": "dog cat rabbit hamster goldfish parrot",
    "trees": "oak birch willow pine maple beech ash elm",
    "flowers": "rose tulip daisy lily poppy daffodil violet sunflower",
    "days": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "months": "January February March April May June July August September October November December",
    "tools": "hammer saw ladder spade rake drill axe broom",
    "musical instruments": "drum flute violin piano guitar trumpet harp cello",
    "clothes": "hat coat scarf shirt dress skirt sock glove jumper",
    "shapes": "circle square triangle oval rectangle star",
    "planets": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
    "drinks": "water milk tea coffee juice lemonade cocoa",
    "vehicles": "car bus train bicycle lorry tram plane ship",
    "rooms": "kitchen bedroom bathroom hall cellar attic",
    "jobs": "baker teacher doctor farmer gardener pilot sailor painter",
    "sports": "football tennis swimming running rowing skating cycling",
    "metals": "iron gold silver copper tin lead zinc",
    "numbers": "two five seven nine eleven twenty thirty fifty",
    "parts of the body": "head arm leg hand foot nose ear eye knee",
    "toys": "ball doll kite puzzle puppet top train",
    "languages": "English French German Spanish Italian Polish Swedish Dutch",
    "kinds of weather": "rain snow fog wind sunshine hail",
}
GROUPS = {k: v.split() for k, v in GROUPS.items()}
GROUP_LIST = list(GROUPS)
COUNT = {2: "two", 3: "three", 4: "four", 5: "five"}

RIDDLES = [("has hands but cannot clap", "a clock"), ("has teeth but cannot bite", "a comb"),
           ("gets wetter the more it dries", "a towel"), ("has a neck but no head", "a bottle"),
           ("has many keys but opens no door", "a piano"), ("runs but has no legs", "a river"),
           ("is full of holes but still holds water", "a sponge"), ("goes up when the rain comes "
                                                                    "down", "an umbrella"),
           ("has an eye but cannot see", "a needle"), ("has leaves but is not a tree", "a book"),
           ("flies without wings", "time"), ("has four legs but cannot walk", "a table"),
           ("has a bed but never sleeps", "a river"), ("has ears but cannot hear", "a field of corn"),
           ("gets bigger the more you take away", "a hole"), ("follows you all day but makes no "
                                                              "sound", "your shadow"),
           ("can be broken without being touched", "a promise"), ("goes up and never comes down", "your age"),
           ("has a tongue but cannot talk", "a shoe"), ("has a heart that does not beat", "an artichoke"),
           ("has towns and rivers but no people", "a map"), ("gets shorter as it grows older", "a candle"),
           ("has a ring but no finger", "a telephone"), ("is light as a feather but hard to hold for "
                                                         "long", "your breath")]
HOWTO = {
    "plant a seed":
        "fill a small pot with soil|make a little hole with your finger|put the seed in and cover it|give "
        "the seed some water|set the pot in a sunny place",
    "wash your hands":
        "wet your hands with warm water|take some soap and rub your hands together|wash between the "
        "fingers too|rinse off the soap|dry your hands with a clean towel",
    "fold a paper hat":
        "take a large sheet of paper|fold the paper in half|fold the two top corners to the middle|fold up "
        "the edges at the bottom|open the hat and put it on",
    "pack a bag":
        "make a list of the things you need|put the heavy things at the bottom of the bag|roll up your "
        "clothes to save space|keep your tickets in a side pocket|close the bag and lift it to test the "
        "weight",
    "fly a kite":
        "go to an open field on a windy day|stand with your back to the wind|hold up the kite and let go "
        "when the wind blows|let out the string slowly|pull gently to keep the kite in the air",
    "build a campfire":
        "find a safe place far from trees|make a ring of stones|put small dry sticks in the middle|light "
        "the sticks and add bigger pieces of wood|put the fire out with water before you leave",
    "draw a cat":
        "draw a circle for the head of the cat|add two triangles for the ears|draw two eyes, a nose and "
        "whiskers|add an oval for the body|finish with four paws and a long tail",
    "make a bed":
        "take everything off the bed|pull the sheet tight and tuck it in|spread the blanket over the "
        "bed|shake the pillow and put it in its place|smooth out the blanket",
    "clean a window":
        "dust off the frame|mix warm water with a little soap|wipe the window with a soft cloth|dry the "
        "window with a dry cloth|look from the side to find the last spots",
    "learn a new word":
        "read the word and say it out loud|find out what the word means|write a sentence with the word|use "
        "the word when you talk to a friend|come back to the word on the next day",
    "brush your teeth":
        "put a little paste on the brush|brush the front of your teeth|brush the back of your teeth|brush "
        "for about two minutes|rinse your mouth with water",
    "make a cup of tea":
        "boil some water|put a tea bag into a cup|pour the hot water over the tea bag|wait for three "
        "minutes|take out the bag and add milk if you like",
    "boil an egg":
        "fill a small pot with water|let the water boil|put the egg into the water with a spoon|wait for "
        "six to eight minutes|cool the egg in cold water",
    "write a letter":
        "take a pen and a sheet of paper|write the date and a greeting|write what you want to say|sign the "
        "letter with your name|put the letter into an envelope and add a stamp",
    "wrap a gift":
        "cut a piece of paper that is big enough|put the gift in the middle|fold the paper over the "
        "gift|close the ends with tape|tie a ribbon around the gift",
    "water a plant":
        "feel the soil with your finger|if the soil is dry, fill a small can with water|pour the water "
        "slowly around the plant|let the extra water run out|check the plant again in a few days",
    "build a snowman":
        "roll a big ball of snow|roll a smaller ball and put it on top|add a small ball for the head|use "
        "stones for the eyes and a carrot for the nose|give the snowman a hat and a scarf",
    "tie your shoes":
        "pull both laces tight|cross the laces and pull one under the other|make a loop with one lace|wrap "
        "the other lace around the loop|pull it through to make a bow",
    "cross a road":
        "stop at the edge of the road|look both ways|listen for cars|wait until the road is free|walk "
        "straight across the road",
    "set a table":
        "put a clean cloth on the table|put a plate in front of every chair|put the fork on the left and "
        "the knife on the right|put a glass above the knife|add a napkin",
}
HOWTO = {k: v.split("|") for k, v in HOWTO.items()}
HOWTO_LIST = list(HOWTO)
ORDER = ("First, ", "Then ", "Next, ", "After that, ", "Finally, ")

WORDS = """apple river garden winter lantern music pencil window silver table candle flower
bridge castle orange summer planet button rabbit turtle monkey yellow purple forest
island market bucket ladder mirror pillow ribbon basket cat dog sun moon tree bird
fish cake boat kite star drum bell book frog bear milk bread stone house mouse horse
water light cloud train queen lemon tiger zebra snail spoon clock crown shell honey
potato banana pepper carrot butter cheese kitchen teacher morning evening rainbow
chicken sparrow hedgehog elephant umbrella mountain""".split()
ADJ = "red small old happy quiet green warm little tall brave blue shiny yellow busy".split()
VERBS = "sings jumps sleeps waits dances runs laughs hides rests smiles".split()
WHERE = """in the garden|under the tree|on the hill|by the river|at home|in the rain
near the bridge|in the sun|all day long|before dinner|every morning
on the roof""".replace("\n", "|").split("|")
NAMES = GIRLS + BOYS
PLURALS = {
    "fox": "foxes",
    "mouse": "mice",
    "deer": "deer",
    "goose": "geese",
    "pony": "ponies",
    "wolf": "wolves",
    "butterfly": "butterflies",
    "ladybug": "ladybugs",
    "donkey": "donkeys",
    "monkey": "monkeys",
}
HOBBIES = """reading swimming drawing singing cooking dancing painting running skating fishing gardening
cycling""".split()
PETS = """cat dog rabbit mouse pony goat lamb pig hen duck goose turtle donkey frog lizard robin
bee snail hedgehog squirrel cricket parrot hamster goldfish canary puppy kitten budgie""".split()
PALE = ("It is a lovely colour.", "It is a cheerful colour.", "I think that it is a nice colour.")


ASKING = set("What Why How Who Which Where When Is Are Am Do Does Can".split())
FACTS = QA[next(i for i, q in enumerate(QA) if q[2] == "days week") :]


def chat(r, held, pool=QA):
    ask, answer, keys = r.choice(pool)
    ask = fill(r, ask)
    if not ask.endswith(("?", "!")) and ask.split()[0] in ASKING:
        ask = ask.rstrip(".") + "?"
    elif ask.endswith("?") and ask.split()[0] in ("Tell", "Introduce", "Name", "Give", "List"):
        ask = ask[:-1] + "."
    low = ask.lower()
    return Item(ask, fill(r, answer), None, tuple(k for k in keys.split() if k in low))


def two_facts(r, held):
    """Two questions at once, answered in the order in which they were asked."""
    one, two = chat(r, held, FACTS), chat(r, held, FACTS)
    while two.answer == one.answer:
        two = chat(r, held, FACTS)
    ask = r.choice((
        "{a} {b}",
        "Two things: {a} {b}",
        "{a} And one more question: {b}",
        "{a} Then one more thing: {b}",
    ))
    return Item(
        ask.format(a=one.ask, b=two.ask), one.answer + "\n" + two.answer, None, one.mentions + two.mentions
    )


def opposite(r, held):
    a = r.choice(OPPOSITE_LIST)
    b = OPPOSITE[a]
    ask = r.choice((
        "What is the opposite of {a}?",
        "Tell me the opposite of {a}.",
        "What is the opposite of the word {a}?",
        "Give me the opposite of {a}.",
        "Which word is the opposite of {a}?",
        "What is the opposite of {a}?",
    ))
    return Item(ask.format(a=a), f"The opposite of {a} is {b}.", None, (a,))


def several_opposites(r, held):
    xs = r.sample(OPPOSITE_LIST, r.choice((3, 3, 4)))
    ask = r.choice((
        "What are the opposites of {s}?",
        "Give me the opposites of {s}.",
        "Tell me the opposites of these words: {s}.",
    ))
    return Item(
        ask.format(s=join_and(xs)),
        "\n".join(f"The opposite of {a} is {OPPOSITE[a]}." for a in xs),
        None,
        tuple(xs),
    )


def name_some(r, held):
    def pick(r):
        g = r.choice(GROUP_LIST)
        return g, r.choice((2, 3, 3, 4, 5))

    g, n = draw(r, held, pick)
    xs = r.sample(GROUPS[g], n)
    if g in ("days", "months", "planets"):
        xs.sort(key=GROUPS[g].index)
    n = COUNT[n]
    if r.random() < 0.25 and g not in ("fruits",):
        form = "Here are {n} {g}:\n" + "\n".join(f"{i + 1}. {x[0].upper() + x[1:]}" for i, x in enumerate(xs))
        ask = r.choice((
            "Make a list of {n} {g}.",
            "Write a list of {n} {g}.",
            "List {n} {g}, one on each line.",
        ))
    else:
        form = r.choice(("{n} {g} are {s}.", "Here are {n} {g}: {s}."))
        ask = r.choice((
            "Name {n} {g}.",
            "Tell me {n} {g}.",
            "Can you name {n} {g}?",
            "Give me {n} {g}.",
            "Which {n} {g} do you know?",
            "Please name {n} {g}.",
            "I need {n} {g}.",
            "Give me the names of {n} {g}." if g != "numbers" else "Say {n} {g}.",
        ))
    text = form.format(n=n, g=g, s=join_and(xs))
    return Item(ask.format(n=n, g=g), text[0].upper() + text[1:], None, (n, g))


def name_two(r, held):
    def pick(r):
        return r.choice(GROUP_LIST), r.choice((2, 2, 3, 3, 4))

    g, n = draw(r, held, pick)
    h, m = draw(r, held, pick)
    while h == g:
        h, m = draw(r, held, pick)
    parts = []
    for group, k in ((g, n), (h, m)):
        xs = r.sample(GROUPS[group], k)
        if group in ("days", "months", "planets"):
            xs.sort(key=GROUPS[group].index)
        parts.append(f"Here are {COUNT[k]} {group}: {join_and(xs)}.")
    n, m = COUNT[n], COUNT[m]
    ask = r.choice((
        "Name {n} {g} and {m} {h}.",
        "Tell me {n} {g} and {m} {h}.",
        "Can you name {n} {g} and {m} {h}?",
        "Give me {n} {g} and then {m} {h}.",
    ))
    return Item(ask.format(n=n, g=g, m=m, h=h), "\n".join(parts), None, (n, g, m, h))


NO_ARTICLE = set("colours herbs days months planets drinks sports metals numbers languages".split()) | {
    "kinds of weather"
}
OTHERS = "fruits tools metals days sports trees planets insects".split()
KIND_OF = [g for g in GROUP_LIST if g not in ("jobs", "shapes", "toys")]


def belongs(r, held):
    g = r.choice(KIND_OF)
    x = r.choice(GROUPS[g])
    one = {
        "clothes": "piece of clothing",
        "parts of the body": "part of the body",
        "kinds of weather": "kind of weather",
        "colours": "colour",
        "days": "day",
        "months": "month",
        "fruits": "fruit",
    }.get(g, g[:-1])
    if g == "days":
        one = "day of the week"
    ask = r.choice(("What is {x}: {a} or {b}?", "Is {x} {a} or {b}?"))
    other = r.choice(OTHERS)
    while other == g or x in GROUPS[other]:
        other = r.choice(OTHERS)
    o = "day of the week" if other == "days" else other[:-1]
    a, b = article(one), article(o)
    if r.random() < 0.5:
        a, b = b, a
    noun = x if g in NO_ARTICLE or x in ("spinach", "celery") else article(x)
    text = f"{noun} is {article(one)}."
    return Item(ask.format(x=noun, a=a, b=b), text[0].upper() + text[1:], None, (x, one))


def riddle(r, held):
    q, a = r.choice(RIDDLES)
    if r.random() < 0.5:
        return Item(
            r.choice((
                "What {q}?",
                "Here is a riddle: what {q}?",
                "Can you solve this riddle? What {q}?",
            )).format(q=q),
            f"What {q}? The answer is {a}.",
            None,
            (q,),
        )
    return Item(
        fill(
            r,
            "[tell me a riddle.|do you know a riddle?|give me a riddle.|I would like to hear a "
            "riddle.|ask me a riddle.]",
        ),
        fill(r, "here is a riddle[ for you|]: what {q}? The answer is {a}.", dict(q=q, a=a)),
        None,
        ("riddle",),
    )


def howto(r, held):
    h = r.choice(HOWTO_LIST)
    mine = h.replace("your", "my")
    ask = r.choice((
        "How do I {m}?",
        "How can I {m}?",
        "Explain how to {m}.",
        "Tell me how to {m}.",
        "Show me how to {m}.",
        "How do you {h}?",
        "What is the best way to {m}?",
        "I want to {m}. How do I do it?",
    ))
    ask = ask.format(h=h, m=mine)
    steps = HOWTO[h]
    lead = r.choice(("This is how you {h}:", "Here is how to {h}:", "To {h}, do this:")).format(h=h)
    if r.random() < 0.5:
        text = lead + "\n" + "\n".join(f"{i + 1}. {s[0].upper() + s[1:]}." for i, s in enumerate(steps))
    else:
        text = lead[:-1] + ". " + " ".join(o + s + "." for o, s in zip(ORDER, steps))
        if lead.startswith("To "):
            text = lead + " " + " ".join(o + s + "." for o, s in zip(ORDER, steps))
    return Item(ask, text, text, (h.split()[-1],))


# --------------------------------------------------------------------------
# Copying
# --------------------------------------------------------------------------
def repeat(r, held):
    k = r.random()
    if k < 0.6:
        a, n, v = draw(r, held, lambda r: (r.choice(ADJ), r.choice(SPECIES), r.choice(VERBS)))
        x = f"The {a} {n} {v} {r.choice(WHERE)}."
    else:

        def pick(r):
            return tuple(r.choice(WORDS) for _ in range(2)) + (r.choice((3, 4, 5)),)

        a, b, n = draw(r, held, pick)
        x = " ".join([a, b] + [r.choice(WORDS) for _ in range(n - 2)])
    ask = r.choice((
        "Repeat after me: {x}",
        "Say this: {x}",
        "Please repeat: {x}",
        "Copy this: {x}",
        "Say after me: {x}",
        "Write this down: {x}",
        "Repeat these words: {x}",
        "Please say exactly this: {x}",
    ))
    return Item(ask.format(x=x), x, None, tuple(x.rstrip(".").split()))


def spell(r, held):
    (w,) = draw(r, held, lambda r: (r.choice(WORDS),))
    k = r.random()
    if k < 0.25 and not held:
        xs = list(
            dict.fromkeys(
                [w] + [draw(r, held, lambda r: (r.choice(WORDS),))[0] for _ in range(r.choice((2, 2, 3)))]
            )
        )
        ask = r.choice((
            "Spell these words: {s}.",
            "How do you spell {s}?",
            "Can you spell {s}?",
            "Please spell {s}.",
        ))
        return Item(
            ask.format(s=join_and(xs)),
            "\n".join(f"The word {x} is spelled {'-'.join(x)}." for x in xs),
            None,
            tuple(xs),
        )
    letters = "-".join(w)
    if k < 0.7:
        ask = r.choice((
            "Spell the word {w}.",
            "How do you spell {w}?",
            "Can you spell {w}?",
            "Please spell {w}.",
            "Spell {w}.",
        ))
        return Item(ask.format(w=w), f"The word {w} is spelled {letters}.", None, (w,))
    if k < 0.8:
        return Item(
            f"What is the first letter of {w}?",
            f"The word {w} is spelled {letters}. The first letter is {w[0]}.",
            None,
            (w, "first"),
        )
    if k < 0.9:
        return Item(
            f"What is the last letter of {w}?",
            f"The word {w} is spelled {letters}. The last letter is {w[-1]}.",
            None,
            (w, "last"),
        )
    return Item(
        f"How many letters does the word {w} have?",
        f"The word {w} is spelled {letters}. It has {len(w)} letters.",
        None,
        (w, "letters"),
    )


def longer(r, held):
    def pick(r):
        while True:
            a, b = r.choice(WORDS), r.choice(WORDS)
            if len(a) != len(b):
                return min(a, b), max(a, b)

    a, b = draw(r, held, pick)
    if r.random() < 0.5:
        a, b = b, a
    long = r.random() < 0.6
    w = "longer" if long else "shorter"
    z = a if (len(a) > len(b)) == long else b
    ask = r.choice((
        "Which word is {w}, {a} or {b}?",
        "Which word is {w}: {a} or {b}?",
        "Is {a} or {b} the {w} word?",
    ))
    return Item(
        ask.format(a=a, b=b, w=w),
        f"The word {a} has {len(a)} letters, and the word {b} has {len(b)} letters. The {w} word is {z}.",
        None,
        (a, b, w),
    )


def my_name(r, held):
    name, like = draw(r, held, lambda r: (r.choice(NAMES), r.choice(HOBBIES) if r.random() < 0.5 else ""))
    if like:
        ask = fill(
            r,
            "[my name is {n} and I like {l}.|I am {n}, and I like {l}.|Hello, I am {n}. I like "
            "{l}.|Hi! My name is {n}. I love {l}.]",
            dict(n=name, l=like),
        )
        return Item(
            ask,
            fill(
                r,
                "[Hello|Hi|Nice to meet you], {n}! It is [lovely|nice|great] that you like {l}. [How "
                "can I help you today, {n}?"
                "|Would you like a story about {l}, {n}?|What shall we talk about, {n}?]",
                dict(n=name, l=like),
            ),
            None,
            (name, like),
        )
    ask = fill(
        r,
        "[my name is {n}.|I am {n}.|Hello, my name is {n}.|Hi, I am {n}!|Hello! I am {n}.|call me "
        "{n}.|you can call me {n}.]",
        dict(n=name),
    )
    return Item(
        ask,
        fill(
            r,
            "[Hello, {n}! It is nice to meet you.|Nice to meet you, {n}!|Hi, {n}! I am Sluice Tiny.] "
            "[What can I do for you, {n}?|How can I help you today, {n}?|{n} is a lovely name.]",
            dict(n=name),
        ),
        None,
        (name,),
    )


def favourite(r, held):
    k = 1 if held else r.random()
    if k < 0.35:
        x = r.choice(COLORS)
        ask = fill(
            r,
            "[my favourite colour is {x}.|I like the colour {x} best.|the colour I like best is "
            "{x}.|I love the colour {x}.]",
            dict(x=x),
        )
        return Item(
            ask,
            f"{x.capitalize()} is your favourite colour! {r.choice(PALE)} "
            + fill(
                r,
                "[I can tell you a story about a {x} "
                "[kite|hat|boat|ball|flower|bird].|Would you like a story with something {x} in it?]",
                dict(x=x),
            ),
            None,
            (x,),
        )
    if k < 0.65:
        x = r.choice(SPECIES[:-2])
        p = PLURALS.get(x, x + "s")
        ask = fill(
            r,
            "[my favourite animal is the {x}.|the animal I like best is the {x}.|of all animals I "
            "like the {x} best.]",
            dict(x=x),
        )
        return Item(
            ask,
            fill(
                r,
                "The {x} is your favourite animal! [I like {p} too.|I know a few things about {p}.] "
                "[Would you like a story about a {x}?|I can tell you more about the {x}.]",
                dict(x=x, p=p),
            ),
            None,
            (x,),
        )
    if k < 0.85:
        x = r.choice(FOODS)
        ask = fill(
            r,
            "[my favourite food is {x}.|I like to eat {x} best.|the food I like best is {x}.|I love {x}.]",
            dict(x=x),
        )
        return Item(
            ask,
            fill(
                r,
                "So {x} is what you like best! [That sounds tasty.|That is a very good choice.] "
                "[Who makes the best {x} that you know?|I hope that you will have {x} again soon.]",
                dict(x=x),
            ),
            None,
            (x,),
        )
    x, n = draw(r, held, lambda r: (r.choice(PETS), r.choice(NAMES)))
    ask = fill(
        r,
        "[I have a {x}. Its name is {n}.|I have a {x} called {n}.|my {x} is called {n}.]"
        if r.random() < 0.8
        else "this is my {x}, {n}.",
        dict(x=x, n=n),
    )
    return Item(
        ask,
        fill(
            r,
            "{n} is a [lovely|nice|good] name for a {x}! [What does {n} like best?|Please say hello "
            "to {n}.|I would like to hear more about {n}.]",
            dict(x=x, n=n),
        ),
        None,
        (x, n),
    )


def recall(r, held):
    """Something is told, and asked for in the same turn."""
    n, x = draw(r, held, lambda r: (r.choice(NAMES), r.choice(COLORS)))
    k = 0 if held else r.random()
    if k < 0.35:
        t = r.choice("hat coat kite ball bag cup scarf boat bike book".split())
        return Item(
            fill(
                r,
                "[{n} has a {x} {t}. What colour is the {t} of {n}?|the {t} of {n} is {x}. Which "
                "colour is it?"
                "|{n} has a {x} {t}. What does {n} have?]",
                dict(n=n, x=x, t=t),
            ),
            fill(r, "{n} has a {x} {t}. The {t} is {x}.", dict(n=n, x=x, t=t)),
            None,
            (n, x, t),
        )
    if k < 0.7:
        m = r.choice([y for y in NAMES[::5] if y != n])
        h, g = r.sample(HOBBIES, 2)
        who, what = (n, h) if r.random() < 0.5 else (m, g)
        return Item(
            f"{n} likes {h}. {m} likes {g}. "
            + r.choice((f"What does {who} like?", f"Tell me what {who} likes.")),
            f"{who} likes {what}.",
            None,
            (who, what),
        )
    ws = r.sample(WORDS, r.choice((3, 4)))
    which, i = r.choice((("first", 0), ("last", -1), ("second", 1)))
    return Item(
        f"{r.choice(('Here are some words', 'Look at these words', 'My words are'))}: "
        f"{', '.join(ws)}. What is the {which} word?",
        f"The {which} word is {ws[i]}.",
        None,
        (which, ws[i]),
    )


def backwards(r, held):
    a, b = draw(r, held, lambda r: (r.choice(WORDS), r.choice(WORDS)))
    xs = [a, b] + r.sample(WORDS, r.choice((0, 1, 2)))
    k = r.random()
    if k < 0.35:
        ask, answer = (
            r.choice((
                "Say these words in reverse order: {s}.",
                "Turn the order of these words around: {s}.",
            )),
            ", ".join(xs[::-1]),
        )
    elif k < 0.7:
        ask, answer = (
            r.choice(("Write these words in capital letters: {s}.", "Write {s} in capitals.")),
            ", ".join(xs).upper(),
        )
    else:
        ask, answer = (
            r.choice(("Join these words with and: {s}.", "Join {s} with the word and.")),
            " and ".join(xs),
        )
    return Item(
        ask.format(s=", ".join(xs)),
        answer[0].upper() + answer[1:] + "." if k < 0.7 else answer + ".",
        None,
        tuple(xs),
    )


KINDS = [
    (chat, 26),
    (two_facts, 12),
    (name_two, 6),
    (opposite, 4),
    (several_opposites, 4),
    (name_some, 12),
    (belongs, 4),
    (riddle, 4),
    (howto, 8),
    (repeat, 8),
    (spell, 5),
    (longer, 3),
    (my_name, 6),
    (favourite, 6),
    (recall, 5),
    (backwards, 3),
]
PICK = [f for f, w in KINDS for _ in range(w)]
HELD = (name_some, name_some, repeat, repeat, spell, longer, my_name, my_name, favourite, recall, backwards)


def make(r, held=False) -> Item:
    """One item; `held` True gives a list or a copying task that training never sees."""
    return r.choice(HELD if held else PICK)(r, held)
