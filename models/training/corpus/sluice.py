"""Questions about Sluice itself, and about the words that a newcomer meets: experts, routers, tiers, traces.

A topic is what it is asked by (a term, and wordings that contain it) and a template of its answers, which
always begin with that term. Everything is expanded once, when the module is loaded.
"""
import re

from .templates import Item, draw, fill

_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def _expand(template: str) -> list[str]:
    """All texts of a template."""
    m = _CHOICE.search(template)
    if not m:
        text = fill(None, template, capitals=False)
        return [text if text.startswith("llama.cpp") else text[0].upper() + text[1:]]
    texts = []
    for part in m[1].split("|"):
        texts += _expand(template[: m.start()] + part + template[m.end():])
    return list(dict.fromkeys(texts))


# How people ask what something is. {a}: with its article, {t}: the bare term.
_WHAT = [
    "[what is|what's|what exactly is|so what is|and what is|okay, what is] {a}?",
    "what does {t} mean?",
    "what do you mean by {t}?",
    "[explain|please explain|describe|define] {a}.",
    "[can you explain|could you explain] {a}?",
    "[explain|describe] {a} [to me|in simple words|in plain English].",
    "[tell me about|tell me more about|say something about] {a}.",
    "[tell me|please tell me|explain] what {a} is.",
    "can you [tell me|explain] what {a} is?",
    "[I do not understand|I do not know what you mean by|I have never heard of] {a}.",
    "I am new here. What is {a}?",
    "[I read about|you said something about|people talk about] {a}. What is it?",
    "[in Sluice, what is {a}|what is {a} in Sluice|what is {a}, in a few words]?",
    "what is meant by {t}?",
]
# How people ask for a way. {do}: what they want to do.
_HOW = [
    "[how do I|how can I|how would I|how should I] {do}?",
    "[what do I type to|which command do I use to|what is the command to] {do}?",
    "[I want to|I would like to|I need to|I am trying to] {do}.",
    "[tell me how to|show me how to|please explain how to|explain how to] {do}.",
    "[can I|is it possible to|is there a way to] {do}?",
]

# term, with its article, answers, more wordings
DEFINITIONS = [
    ("Sluice", "Sluice", "Sluice is [a program that runs|an engine for] mixture-of-experts language models. Sluice reads GGUF files, runs on Node.js and is written in TypeScript [that you can read|that is meant to be read]. [It uses the CPU and, where there is one, a GPU.|It works on the CPU alone, and uses a GPU if it finds one.] With Sluice you can run a model that is bigger than your memory.",
     ["what can Sluice do?", "why should I use Sluice?", "what does Sluice do?", "what is Sluice good for?"]),
    ("mixture of experts", "a mixture of experts", "A mixture of experts is a model with many small networks, called experts. For every token, a router picks a few experts in each layer, and only those [do the work|are computed]. [The other experts rest, so a mixture of experts is fast for its size.|So a mixture of experts knows much, but computes little for each token.] [The experts that rest can stay on disk.|Only the experts that are picked must be in fast memory.]",
     ["how does a mixture of experts work?", "why is a mixture of experts fast?"]),
    ("expert", "an expert", "An expert is a small network inside one layer of the model. Each layer has many experts, and the router picks a few of them for every token. [An expert that is not picked does no work.|The outputs of the experts that were picked are weighted and added.] [An expert does not stand for one subject, as a person would; it learns what is useful for it.|Nobody tells an expert what to learn; it finds its own part of the work in training.]",
     ["what does an expert do?", "how does an expert work?"]),
    ("router", "a router", "A router is a small matrix in each layer that picks the experts. The router looks at [the token that is computed|the hidden state of a token], gives every expert a score and takes the best few. [The router also says how much weight each of these experts gets.|From the scores of the router also come the weights of the experts.] [In Sluice, what the router picks can be recorded in a trace.|The router is learned in training, together with the experts.]",
     ["what does the router do?", "how does the router choose?", "who picks the experts, is it the router?"]),
    ("top-k", "top-k", "Top-k says how many of the best are taken. For a router, top-k is the number of experts that serve a token in each layer: with a top-k of 8, a layer computes 8 experts. [For a sampler, top-k is the number of likely tokens that stay in the draw.|The same word is used in sampling: there, top-k tokens stay in the draw.] [In Sluice the sampler keeps 40, and `--top-k` changes that.|The option `--top-k` is the one of the sampler.]",
     ["what does top-k mean for a router?"]),
    ("expert cache", "an expert cache", "An expert cache holds experts in fast memory, so that they need not be read again. [When the router asks for an expert that is in the expert cache, that is a hit.|A hit means that an expert was in the expert cache when it was asked for.] [When it is not there, that is a miss, and the expert is read from the file.|A miss costs time, because the expert must be read from the file.] An eviction policy decides which experts stay in the expert cache.",
     ["how does the expert cache work?", "why is there an expert cache?"]),
    ("slot", "a slot", "A slot is a place for one expert in memory. [All slots of an arena are equal in size, so any expert fits into any slot.|The slots are equal pieces, so one expert can take the place of another.] An expert that has a slot is called resident, and it can be computed at once. [More RAM means more slots, and more slots mean more hits.|With `--ram` you say how much memory there is, and so how many slots.]",
     ["what goes into a slot?"]),
    ("tier", "a tier", "A tier is a place where the bytes of an expert can be. Sluice has three tiers: the slots on a GPU, the slots in RAM, and the file on disk. [The GPU is the fastest tier and the disk is the slowest.|A tier that is fast is small, and a tier that is slow is large.] [A policy decides which experts stay in each tier of memory.|What has no slot in one tier is looked for in the tier below.]",
     ["how does a tier work?", "how many tiers are there?", "what are the tiers of Sluice?"]),
    ("token", "a token", "A token is a number that stands for a piece of text, such as a word or a part of a word. [A model reads tokens and writes tokens, one after another.|A model never sees letters: it reads tokens and writes tokens.] [To see how a text is cut into tokens, type `sluice tokenize --text \"Once upon a time\"`.|A long word is often more than one token, and in this model each digit is a token.]",
     ["how long is a token?"]),
    ("token cycle", "a token cycle", "A token cycle is the number of expert slots that one token asks for: layers times top-k. [With 16 layers and a top-k of 8, a token cycle is 128 slots.|With 48 layers and a top-k of 8, a token cycle is 384 slots.] Sizes of an expert cache are often told in token cycles. [A cache smaller than one token cycle hits little, because every expert leaves before its next turn.|`sluice inspect` tells the token cycle of a model.]",
     ["why does the token cycle matter?", "how big is a token cycle?"]),
    ("prefetching", "prefetching", "Prefetching means reading an expert before the router asks for it. [A predictor guesses which experts come next, and Sluice reads them ahead.|Sluice guesses which experts come next and reads them early.] If the guess was right, prefetching hides the time of the disk; if it was wrong, some bytes were read for nothing. [The option `--predict off` turns prefetching off.|The option `--prefetch-budget` says how much may be read ahead per token.]",
     ["how does prefetching work?", "why is prefetching useful?", "does prefetching help?"]),
    ("route predictor", "a route predictor", "A route predictor guesses which experts the router will ask for next. What a route predictor names can be read ahead, before it is needed. [The route predictor that Sluice uses by itself is called transitions.|Sluice uses the one called transitions, if you do not ask for another.] [It counts which experts follow which.|With `--predict` you choose another one, such as gate-lookahead, or off.]",
     ["how good is a route predictor?"]),
    ("quantisation", "quantisation", "Quantisation stores the weights of a model with fewer bits. [A block of weights shares a scale, and each weight becomes a small whole number.|Instead of 16 or 32 bits, a weight takes about 8, 4 or even 2 bits.] With quantisation a model is smaller and faster, and it loses a little accuracy. [Q8_0 and Q4_K are such formats.|Sluice computes with 28 weight formats, such as Q8_0 and Q4_K.]",
     ["how does quantisation work?", "why do people use quantisation?", "does quantisation make a model worse?"]),
    ("GGUF", "a GGUF file", "A GGUF file holds a language model in one file: its settings, its tokenizer and its weights. [GGUF comes from llama.cpp, and many models are offered as GGUF files.|Most models that people run at home are offered as GGUF files.] [Sluice reads GGUF files, also when they are split or larger than 4 GiB.|Large models are often split into several GGUF files; give Sluice any one of them.]",
     ["what is in a GGUF file?", "what is inside a GGUF file?"]),
    ("KV cache", "the KV cache", "The KV cache holds the keys and values of all earlier tokens. [Attention needs them for every new token, and thanks to the KV cache they are not computed again.|Without the KV cache, attention would have to compute them again for each token.] [The KV cache grows with the length of the context, so a shorter `--context` needs less memory.|The KV cache takes memory for each position of the context.] [With `--kv q8_0` it is smaller.|It is not the expert cache, which holds weights.]",
     ["why does a model need the KV cache?", "how large is the KV cache?"]),
    ("prefill", "prefill", "Prefill is the computing of the prompt, before the first word of the answer. In prefill many tokens are computed together, in batches of up to 256. [So prefill makes more tokens per second than decode.|So each expert is read once per batch, and prefill is fast.] [After prefill comes decode, token by token.|The longer the prompt, the longer prefill takes.]",
     ["why is prefill faster than decode?", "what happens in prefill?"]),
    ("decode", "decode", "Decode is the writing of the answer, one token after another. [In decode each token needs the token before it, so they cannot be computed together.|Each step of decode computes one token, and the next step needs it.] Every step asks for the experts of one token. [That is why the expert cache matters most in decode.|So the speed of decode depends on how many of these experts are in memory.]",
     ["what happens in decode?", "why is decode slower than prefill?"]),
    ("tokens per second", "tokens per second", "Tokens per second tell how fast a model writes. [Three words are about four tokens, so six tokens per second are about as fast as people read.|More is better: at about six tokens per second a model writes as fast as people read.] [Sluice reports tokens per second after a run, for prefill and for decode.|To measure the tokens per second of a model, type `sluice bench olmoe.gguf`.]",
     ["how many tokens per second are good?"]),
    ("eviction policy", "an eviction policy", "An eviction policy decides which expert leaves when a new one needs its slot. [A simple eviction policy is LRU: the expert that was used longest ago leaves.|LRU is the best known eviction policy: what was used longest ago leaves.] Sluice has 22 of them, and uses the one called cycle-burst if you do not choose. [With `--policy lru` you take LRU.|Choose another with `--policy`.]",
     ["how does an eviction policy work?", "which eviction policy does Sluice use?"]),
    ("cycle-burst", "cycle-burst", "Cycle-burst is the eviction policy that Sluice uses by itself. [It looks at how often and how lately an expert was used.|It keeps what is used often or was used lately.] On recorded traces, cycle-burst hits more than LRU when memory is short, between one and two token cycles. [To use another policy instead of cycle-burst, type `--policy lru`.|You can compare it with others by `sluice trace compare run.trace`.]",
     ["why does Sluice use cycle-burst?"]),
    ("LRU", "LRU", "LRU is an eviction policy: the expert whose last use is longest ago leaves. [LRU stands for least recently used.|The letters of LRU mean least recently used.] LRU is hard to beat when there is room for four token cycles or more, but below one token cycle LRU hits nothing. [To use LRU, add `--policy lru`.|Sluice uses cycle-burst unless you ask for `--policy lru`.]",
     ["how does LRU work?", "when is LRU bad?"]),
    ("Belady", "Belady", "Belady is the policy that knows the future: it evicts the expert that is not needed for the longest time. [No real engine can know that, so Belady is only used on recorded traces.|That is possible only in a replay of a recorded trace.] It shows the most that any policy could hit. [How far a policy is from Belady is called regret.|`sluice trace compare run.trace` shows Belady beside the others.]",
     ["why do you compare with Belady?"]),
    ("hit rate", "the hit rate", "The hit rate is the share of experts that were in memory when the router asked for them. [With a hit rate of 90 percent, one expert in ten must be read from the file.|At a hit rate of 100 percent nothing is read from the file any more.] A higher hit rate means less waiting. [More RAM, a better policy and good prefetching raise the hit rate.|Give more memory with `--ram` to raise the hit rate.]",
     ["why is my hit rate so low?", "what is a good hit rate?"]),
    ("miss", "a miss", "A miss means that the router asked for an expert that was not in memory. [After a miss the expert is read from the file, and computing may have to wait.|Then the expert is read from the file, which takes longer than computing it.] The answer stays the same, only the time differs. [More slots mean fewer of them.|A miss can be avoided by more RAM or by reading ahead.]",
     ["what happens after a miss?", "is a miss bad?"]),
    ("stall", "a stall", "A stall means that computing stands still, because weights are on their way. [After a miss, the threads have to wait until the expert has been read; that is a stall.|When an expert must be read from the file first, there is a stall.] [Prefetching and more slots make every stall shorter or rarer.|To have less of it, give more RAM with `--ram` or use a faster disk.]",
     ["why is there a stall?"]),
    ("routing trace", "a routing trace", "A routing trace is a file that says which experts every layer asked for, in order. With a routing trace you can try any eviction policy and any size of memory on what a model really did. [To make one, add `--record run.trace` to `sluice run` or `sluice chat`.|You get one with `sluice run --record run.trace`.] [A routing trace can be read with `sluice trace info run.trace`.|Recording costs very little time.]",
     ["why do I need a routing trace?"]),
    ("layer", "a layer", "A layer is one step of the model: attention, and then the experts. [A token goes through all layers, one after another.|The output of one layer is the input of the next layer.] In a mixture of experts each layer has its own router and its own experts. [So the expert number 3 of one layer is another than that of the next layer.|A large model may have 48 of them or more.]",
     ["what happens in a layer?"]),
    ("attention", "attention", "Attention is the part of a layer that looks back at earlier tokens. [Each token asks a query, and the keys of the earlier tokens tell how well they match.|With attention a word can find the words before it that matter.] The values of the best matches are then mixed. [The keys and values are kept, so that attention need not compute them again.|Attention comes before the experts in each layer.]",
     ["how does attention work?", "what does attention do?"]),
    ("context", "the context", "The context is the number of tokens that a model can see: the question and the answer together. [When the context is full, the answer ends.|What no longer fits into the context cannot be seen.] [With `--context 2048` you set its length, as far as the model was trained for it.|A longer context needs more memory for keys and values.] [In a chat, `--shift` drops the oldest turns.|My own context is small, so keep your questions short.]",
     ["what happens when the context is full?"]),
    ("sampling", "sampling", "Sampling is how the next token is chosen. [The model gives every token a chance, and sampling draws one of them.|For every token the model gives a chance, and one token is drawn.] With a low temperature sampling takes safe tokens, with a high one it takes surprising ones. [With `--temperature 0` the likeliest token is always taken.|With the same `--seed` the same text comes again.]",
     ["how does sampling work?"]),
    ("temperature", "the temperature", "The temperature says how bold the choice of the next token is. [A low temperature is safe, and a high temperature brings surprises.|With a high temperature rare words come more often.] In Sluice the temperature is 0.8 if you do not set it. [With `--temperature 0` the likeliest token is always taken.|Use `--temperature 0` if you always want the same answer.]",
     ["which temperature should I use?", "how do I set the temperature?", "how do I change the temperature?"]),
    ("seed", "a seed", "A seed is a number that the random choices begin with. [The same seed, options, prompt and model give the same text.|If you use the same seed again, you get the same text again.] [Type `sluice run --seed 7 -p \"Tell me a story.\"` to set the seed to 7.|Set the seed with `--seed 7`; without it, every run has a new one.]",
     ["how do I set the seed?", "why do I need a seed?"]),
    ("chat template", "a chat template", "A chat template says how questions and answers are written for a model. [It marks who is speaking, the user or the assistant.|It puts marks around each turn, so that the model knows who speaks.] The chat template is stored in the GGUF file, and Sluice uses it by itself. [With `--raw`, `sluice run` leaves the chat template out.|Without a chat template, a prompt is continued as it is.]",
     ["why does a model need a chat template?"]),
    ("system prompt", "a system prompt", "A system prompt is what a model is told before all questions. [It can say how the model should answer.|For example, it can ask for short answers.] To give a system prompt in a chat, type `sluice chat --system \"Answer in one sentence.\"`. [A small model may not follow its system prompt well.|It can also be read from a file with `--system-file`.]",
     ["how do I set a system prompt?", "how do I give a system prompt?"]),
    ("parameter", "a parameter", "A parameter is one number that a model has learned. [A model with 7 billion parameters has 7 billion such numbers.|All parameters together are the weights of a model.] In a mixture of experts each token uses only some of the parameters. I have about 11 million parameters, which is very few.",
     ["how many parameters do you have?"]),
    ("dense model", "a dense model", "A dense model uses all of its weights for every token. [A mixture of experts uses only a few experts, so it computes less than a dense model of its size.|In a mixture of experts, only a few experts work for each token.] Sluice runs dense models of the Llama family as well. [But a dense model has no experts that could stay on disk.|For a dense model, offloading experts does not help.]",
     ["how is a dense model different?"]),
    ("heat file", "a heat file", "A heat file says which experts were used most in earlier runs. Sluice reads these experts first, so the next run [starts with the right ones|has more hits from the beginning]. [To use a heat file, type `sluice run --heat heat.json`.|Add `--heat heat.json`, and a heat file is read at the start and written at the end.] [The uses of each run are added to it.|It belongs to one model.]",
     ["how do I use a heat file?", "why should I keep a heat file?"]),
    ("hot tensors", "the hot tensors", "The hot tensors are the weights that every token uses: attention, norms, routers, embedding and output. [The hot tensors are always kept in memory, and never leave it.|They are kept in memory all the time, because each token needs them.] [Only the experts can be left on disk.|What is left of the memory is for experts.]",
     ["which weights are the hot tensors?", "why are they called hot tensors?", "where are the hot tensors?"]),
    ("shard", "a shard", "A shard is one part of a model that is split into several files. [The names of the shards end in numbers, such as 00001-of-00003.|Each shard has a number in its name, such as 00002-of-00003.] Keep every shard in the same folder, and give Sluice any one of them. [Sluice finds each other shard by itself.|The other files are then found by their names.]",
     ["which shard do I give to Sluice?"]),
    ("Q4_K", "Q4_K", "Q4_K is a weight format with about 4.5 bits per weight. [In Q4_K, 256 weights make a superblock that shares scales.|Q4_K stores each weight in 4 bits, and scales for each block.] A model in Q4_K is less than a third of its size in 16 bits. [It loses a little accuracy, but most people do not notice.|It is a good choice when memory is short.]",
     ["is Q4_K good?", "how good is Q4_K?"]),
    ("Q8_0", "Q8_0", "Q8_0 is a weight format with 8.5 bits per weight. [In Q8_0, each block of 32 weights has one scale and 32 whole numbers.|Q8_0 stores 32 weights as 32 small whole numbers and one scale.] A model in Q8_0 is about half as large as in 16 bits. [It is almost as good as the original.|It loses very little accuracy.]",
     ["is Q8_0 good?", "how good is Q8_0?"]),
    ("kernel", "a kernel", "A kernel is a small, fast function that does the heavy sums of a model. [In Sluice each kernel is a WebAssembly function that works on the quantised weights as they are.|In Sluice a kernel is written in AssemblyScript and runs as WebAssembly, straight on the quantised weights.] [On a GPU a shader takes the place of a kernel.|Every kernel is tested against plain TypeScript.]",
     ["what does a kernel do?"]),
    ("logits", "logits", "Logits are the scores that a model gives to every token of its vocabulary. [The token with the highest of the logits is the likeliest one to come next.|The higher its score, the likelier a token comes next.] Sampling turns logits into chances and draws a token. [To see logits, type `sluice logits --tokens 1,2,3`.|The command `sluice logits` prints logits as JSON.]",
     ["how do I see the logits?"]),
    ("grammar", "a grammar", "A grammar is a set of rules that an answer has to follow. [Before a token is taken, the grammar says whether the text can go on with it.|Sluice takes only tokens that the grammar allows.] With `--grammar-file` you give a grammar in GBNF. [If you want JSON, use `--json-schema` with a schema file.|The option `--json-schema` makes answers that are right JSON.]",
     ["how do I use a grammar?"]),
    ("offloading", "offloading", "Offloading means keeping experts in slow memory and fetching them when they are needed. [A model needs all of its experts, but a token needs only a few of them.|That works because a token needs only a few of all experts.] So with offloading a model can be bigger than your RAM. [Sluice is made to study offloading, and to use it.|To try it, type `sluice run --ram 8GiB olmoe.gguf`.]",
     ["how does offloading work?", "why does offloading work?"]),
    ("llama.cpp", "llama.cpp", "llama.cpp is a well known program in C++ that runs language models. [The GGUF format comes from llama.cpp.|Sluice reads the same GGUF files as llama.cpp.] [Sluice is tested against llama.cpp, and gives its logits to 1e-4.|The tests of Sluice compare its numbers with those of llama.cpp.] Sluice is written in TypeScript instead, and studies experts that do not fit into memory.",
     ["is Sluice like llama.cpp?", "how is Sluice different from llama.cpp?"]),
    ("MoE", "MoE", "MoE is short for mixture of experts. An MoE model has many small networks, called experts, and a router in each layer that picks a few of them for every token. [So an MoE model computes little for each token, though it is large.|So an MoE model is faster than a dense model of the same size.] [Mixtral, OLMoE and Qwen3-MoE are such models.|Sluice runs MoE models such as Mixtral, OLMoE and Qwen3-MoE.]",
     ["what is an MoE model?", "what is an MoE?"]),
    ("VRAM", "VRAM", "VRAM is the memory of a GPU. [It is very fast, but there is often less VRAM than RAM.|What lies in VRAM is computed by the GPU.] Sluice puts layers and as many experts as fit into VRAM, and the CPU computes the other experts at the same time. [With `--vram 6GiB` you say how much VRAM may be used.|To see how much VRAM there is, type `sluice devices`.]",
     ["how much VRAM do I need?", "what if I have little VRAM?"]),
    ("tokenizer", "a tokenizer", "A tokenizer turns text into tokens, and tokens back into text. [It cuts a text into pieces, and each piece has a number.|Each piece of the text gets a number from the vocabulary.] The tokenizer is stored in the GGUF file of a model. [To try it, type `sluice tokenize --text \"Once upon a time\"`.|`sluice tokenize --text \"Once upon a time\"` shows what it does.]",
     ["what does a tokenizer do?", "where is the tokenizer of a model?"]),
    ("WebGPU", "WebGPU", "WebGPU is the way in which Sluice reaches a GPU. [It comes as an optional package, and it works on Vulkan, Metal or Direct3D 12.|With WebGPU the same shaders run on Vulkan, Metal or Direct3D 12.] [Without WebGPU everything runs on the CPU.|If there is no WebGPU, Sluice computes everything on the CPU.] To see which GPU it finds, type `sluice devices`.",
     ["why does Sluice use WebGPU?", "do I need WebGPU?"]),
    ("batch", "a batch", "A batch is a row of tokens that are computed together. [A prompt is cut into batches of up to 256 tokens.|Sluice computes a prompt in pieces of up to 256 tokens, and each of them is a batch.] In a batch every expert is read once, however many tokens want it. [A smaller `--batch` needs less memory.|When the answer is written, each token is a batch of one.]",
     ["how large is a batch?", "why is a prompt computed in a batch?"]),
    ("embedding", "the embedding", "The embedding turns each token into a list of numbers. [For every token of the vocabulary, the embedding has one row.|Each row of the embedding belongs to one token.] These numbers then go through all layers of the model. [The embedding is always in RAM, because a token needs only one row of it.|The model learns the embedding in training.]",
     ["what does the embedding do?"]),
]

# term, what people want to do (contains the term), answers, more wordings
WAYS = [
    ("bigger", "[run a bigger model|run a model that is bigger than my memory|run a model bigger than my RAM|use a bigger model]", "To run a bigger model than your memory holds, give its file and a budget of RAM: `sluice run --ram 8GiB olmoe.gguf`. [Sluice keeps as many experts as fit and reads the others from the file when they are asked for.|The experts that fit stay in RAM, and the others are read from the file.] [The text stays the same, only the time differs.|A fast disk helps much.]", ["my model is bigger than my RAM. What now?", "what if the model is bigger than my memory?"]),
    ("chat", "[chat with a model|start a chat|chat with you|have a chat]", "To chat with a model, type `sluice chat olmoe.gguf`. Without a file, `sluice chat` talks with the small model that comes with Sluice. [In a chat, `/help` lists what else you can type.|Type `/help` in the chat to see its commands.] [Ctrl-C stops an answer, and Ctrl-D ends the chat.|What was said stays computed, so each question costs only what is new.]", ["how does the chat work?"]),
    ("record", "[record a routing trace|record a trace|record what the router picks|record which experts are used]", "To record a routing trace, add `--record`: `sluice run --record run.trace`. [You can also record a chat: `sluice chat --record chat.trace`.|The option `--record` also works with `sluice chat` and `sluice bench`.] [Then `sluice trace info run.trace` describes the file.|Look at it with `sluice trace info run.trace`.] Recording costs very little time.", ["what does it cost to record a trace?"]),
    ("compare", "[compare cache policies|compare eviction policies|compare policies on a trace|compare LRU with other policies]", "To compare policies, first record a trace with `sluice run --record run.trace`. Then type `sluice trace compare run.trace`. [It shows how often each policy would have hit, at several sizes of memory.|For every policy and size you see how many experts would have been hits.] [With `--policies all` you compare all of them.|The policy called Belady shows the best that is possible.]", []),
    ("report", "[draw a report of a trace|make a report of a trace|get a report with charts|see a report on my trace]", "To draw a report of a trace, type `sluice trace report run.trace -o report.html`. [The report is one HTML page that you open in a browser.|Open the page in a browser; it needs no network.] It shows misses by cache size, what predictors are worth and how the experts are used. [Record a trace first, with `sluice run --record run.trace`.|For the numbers alone, add `--json`.]", []),
    ("install", "[install Sluice|install it|install the program]", "To install Sluice, go to its folder and type `npm ci`. [You need Node.js, version 20 or newer, to install it; Node 24 then comes as a dependency.|Any Node.js from version 20 on will do to install; the right one comes with it.] Then `npm start` asks the small model that comes with Sluice a question. [With `npm test` you run the tests.|Nothing else has to be set up.]", ["what do I need to install Sluice?"]),
    ("measure", "[measure the speed of a model|measure how fast a model is|measure tokens per second]", "To measure how fast a model is, type `sluice bench olmoe.gguf`. [It computes a prompt and then one token after another, in three passes.|It measures the prompt and the tokens after it, each by itself.] [Then you see the tokens per second of prefill and of decode.|The result is in tokens per second.] [Without a file, `sluice bench` will measure the small model that comes with Sluice.|Let no other program run meanwhile.]", []),
    ("inspect", "[inspect a model|inspect a model file|inspect a GGUF file]", "To inspect a model, type `sluice inspect olmoe.gguf`. [It tells the number of layers and experts, the formats, and the memory that the model needs.|You see its layers, its experts, its token cycle and the memory it needs.] [It reads no weights, so you can also inspect models that are too large for your machine.|With `--tensors` it lists the tensors as well.]", ["what does sluice inspect tell me?"]),
    ("GPU", "[use a GPU|run a model on a GPU|use my GPU|see what my GPU would hold]", "To use a GPU there is nothing to do: Sluice takes the best GPU that it finds. [With `--vram 6GiB` you say how much of its memory may be used.|The option `--vram` says how much of its memory Sluice may take.] [Type `sluice devices` to see which GPU you have.|`sluice devices --model olmoe.gguf` tells what would go where.] With `--gpu off` everything runs on the CPU.", ["does Sluice use the GPU?", "does Sluice need a GPU?", "do I need a GPU?", "does it work without a GPU?", "is my GPU used?"]),
    ("threads", "[use more threads|set the number of threads|change how many threads are used|use fewer threads]", "To set the number of threads, add `--threads 4` to the command, for example `sluice run --threads 4`. [Without it, Sluice uses as many threads as there are processors.|If you say nothing, there are as many threads as processors.] [The text is the same for any number of threads, to the last bit.|More threads are faster, until the memory is the limit.]", ["how many threads does Sluice use?"]),
    ("prompt", "[ask a question with a prompt|give a prompt to a model|run a prompt|complete a prompt]", "To run a prompt, type `sluice run olmoe.gguf -p \"Why is the sky blue?\"`. [The prompt becomes a question in the chat template of the model.|The model answers the prompt, and the text appears word by word.] [A long prompt can come from a file, with `--prompt-file`.|With `-n 100` the answer ends after 100 tokens.]", ["where do I put the prompt?"]),
    ("context", "[make the context longer|set a longer context|change the length of the context|use a shorter context]", "To change the length of the context, add `--context 2048` to the command. [A longer context needs more memory for keys and values.|The longer the context, the more memory the keys and values take.] [Without it, the context is what the model was trained for, at most 4096.|It should not be longer than the model was trained for.]", []),
    ("repository", "[run Sluice from the repository|use Sluice in the repository|type commands in the repository]", "In the repository, write `npm run -s sluice --` in front of each command. For example, `npm run -s sluice -- chat` starts a chat. [From the package, the same command is `sluice chat`.|Outside of the repository, where the package is installed, `sluice chat` does the same.] [All options stay the same.|Each command explains itself with `--help`.]", []),
    ("policy", "[choose another policy|change the eviction policy|use another policy|set the policy]", "To choose another policy, add `--policy` and its name, such as `sluice run --ram 8GiB --policy lru olmoe.gguf`. [Sluice has 22 of them; the file docs/policies.md describes each policy.|All names are in docs/policies.md.] [The policy changes the speed, but never the text.|If you choose none, the policy is cycle-burst.]", []),
    ("JSON", "[get JSON as an answer|make the answer JSON|force a model to write JSON]", "To get JSON as an answer, give a schema: `sluice run -p \"Name a fruit.\" --json-schema fruit.json`. [Sluice then takes only tokens that fit the schema.|Then every token has to fit the schema.] [So the answer is always JSON of that form, even from a small model.|What comes out is JSON that you can read with a program.]", ["can a model answer in JSON?"]),
    ("library", "[use Sluice as a library|call Sluice as a library|use the library in my own program]", "To use Sluice as a library, write `import { openModel } from \"sluice\";` in your program. [Then `await openModel(\"olmoe.gguf\")` opens a model, and `model.generate` writes text.|With `openModel` you open a model, and with `generate` you get the text piece by piece.] [The folder examples shows more of the library.|It works in TypeScript and in JavaScript.]", ["is Sluice a library?"]),
    ("tokens", "[see the tokens of a text|turn a text into tokens|count the tokens of a text]", "To see the tokens of a text, type `sluice tokenize --text \"Once upon a time\"`. [It shows each piece of the text and its number.|You see how the text is cut, and the number of each piece.] [For a longer text, use `--text-file story.txt`.|With a model file it uses the tokens of that model.]", ["how do I get text into tokens?"]),
    ("save", "[save a chat|save a conversation|save what we said]", "To save a chat, type `/save talk.json` while you are in the chat. [With `/load talk.json` you go on with it later.|Later, `/load talk.json` brings the conversation back.] [The file that you save is plain JSON, so it works with any model.|What you save holds the questions and the answers.] `/help` lists the other commands.", []),
]

# term, wordings (contain the term), answers
OTHERS = [
    ("name", "[what is your name|tell me your name|do you have a name|may I know your name|and your name]?", "My name is Sluice Tiny. I am a very small language model with experts, and I come with Sluice. [I can tell stories, do small sums, explain recipes and answer questions about Sluice.|I like stories, recipes, animals, small sums and short programs.] [Ask me for a story about a fox, for example.|What would you like to ask?]"),
    ("model", "[what is this model|which model is this|what model are you|what kind of model are you|what model am I talking to|which model comes with Sluice|are you a large language model]?", "This model is Sluice Tiny: I am Sluice Tiny, a very small mixture-of-experts language model. I come with Sluice, so that there is a model to try at once. [I have about 11 million parameters, and each token uses about a quarter of them.|I am small enough to run on any computer.] [I know stories, recipes, weather, animals, sums and a little code.|I was trained from scratch on text that a program wrote.]"),
    ("trained", "[how were you trained|what were you trained on|who trained you|where do you get your text, how were you trained|what data were you trained with]?", "I was trained from scratch on text that a program made from word lists and templates. [Nothing was copied from books or from the web.|No text of other people was used.] I was trained on stories, recipes, weather, travel, sums, animals, dialogues, code, verse and questions about Sluice. [So I know little about anything else.|About other things I know almost nothing.]"),
    ("know", "[what do you know|what do you know about|which things do you know|do you know everything|what should you know]?", "I know a few things only, because I am a very small model. I know [stories, recipes, weather, travel, small sums, animals, short programs and poems|short stories, simple recipes, animals, sums, the weather and a little code]. [I also know what Sluice is and how it is used.|I can explain what an expert or a router is, too.] [Please do not trust me with facts that matter.|For other things, use a larger model.]"),
    ("mistakes", "[do you make mistakes|why do you make mistakes|can you make mistakes|do you sometimes make mistakes|do you often make mistakes]?", "I do make mistakes, because I am a very small model. [I may mix up names or numbers, and I can get a sum wrong.|A sum may be wrong, or a name may change in a story.] A larger model makes fewer mistakes. [To use one, give its file: `sluice chat olmoe.gguf`.|I am here to show how Sluice works.]"),
    ("models", "[which models does Sluice load|which models can Sluice run|what models are supported|which models work with Sluice|which models can I use|what models can I run]?", "Sluice runs models of these families: Mixtral and dense Llama, OLMoE, and Qwen3-MoE. [The models must be GGUF files, whole or split, in one of 28 weight formats.|Give it the models as GGUF files; they may be split into parts.] [`sluice inspect model.gguf` tells whether Sluice runs a file.|Type `sluice inspect model.gguf` to see whether a file will run.]"),
    ("first", "[why is it slow the first time|why is the first run slow|why does the first answer take so long|why is the first token slow|why is Sluice slow at first]?", "The first run is slow because the experts must be read from disk. [Later the system has the file in its page cache, and the slots are filled.|After that, many of them are in memory already.] [The first token also has to wait for the prompt to be computed.|With `--load lazy` the first words come before everything has been read.] [A heat file helps: `--heat heat.json`.|A fast disk helps most.]"),
    ("slow", "[why is it so slow|why is my model slow|my model is slow, what can I do|it is slow, how do I make it faster|why is Sluice slow with my model]?", "A model is slow when many of its experts must be read from disk. [Give it more RAM, for example `--ram 16GiB`, so that more experts stay in memory.|More memory makes it less slow: try a larger `--ram`.] [A smaller format, such as Q4_K, makes the experts smaller.|A fast SSD and a GPU help, too.] [Look at the hits in the report, or add `--stats`.|Add `--stats` to see how long it waits.]"),
    ("not in memory", "[what happens when an expert is not in memory|what if an expert is not in memory|what does Sluice do when an expert is not in memory|an expert is not in memory, what now|does it fail when an expert is not in memory]?", "When an expert is not in memory, Sluice reads it from the file. [Computing waits for it, if there is nothing else to do.|The experts that are there are computed meanwhile, and then the other one is waited for.] Then the policy decides whether it stays. [The text is the same as with all experts in memory; it only takes longer.|Nothing fails and the text does not change; it only takes longer.]"),
    ("memory", "[how much memory do I need|how much memory does a model need|how much memory does Sluice use|how much memory is used|what takes so much memory]?", "How much memory a model needs, `sluice inspect model.gguf` tells you. [The hot tensors, the keys and values and the slots for experts take memory.|It counts the hot tensors, the experts, and the keys and values.] [With `--ram 8GiB` you set a limit on the memory.|If you set no limit, Sluice takes what memory is free, less a tenth.] What does not fit is read from the file."),
    ("disk", "[does the disk matter|which disk do I need|do I need a fast disk|why is the disk so busy|is a slow disk a problem]?", "The disk matters when the model is bigger than your RAM. [Then experts are read from the disk again and again, so a fast SSD is best.|Every miss reads an expert from disk, so use a fast SSD.] [If all experts fit into RAM, the disk is used only at the start.|More RAM means that less is read from the disk.]"),
    ("answer", "[does the answer change with less RAM|is the answer the same with less RAM|does offloading change the answer|does a policy change the answer|will the answer be worse with little memory]?", "The answer does not change. [Sluice gives the same answer with any amount of RAM and with any policy, to the last bit.|With less RAM the answer is the same, to the last bit of every number.] Only the time differs, because more experts must be read. [The number of threads does not change the answer either.|Use the same `--seed` if you want to compare.]"),
    ("licence", "[what is the licence|which licence does Sluice have|what licence is it under|is there a licence]?", "The licence of Sluice is MIT, so you may use and change it freely. [The weights of the small model that comes with it are under the Apache-2.0 licence.|The small model that comes with it has the Apache-2.0 licence.] [The file LICENSE has the text of the licence.|Other models have a licence of their own, so look at it first.]"),
    ("written", "[what is Sluice written in|in which language is Sluice written|how is Sluice written|is Sluice written in Python|what language is it written in]?", "Sluice is written in TypeScript and runs on Node.js. [Its kernels are written in AssemblyScript, which becomes WebAssembly.|The fast parts are written in AssemblyScript and run as WebAssembly.] [For a GPU there are shaders, written in WGSL.|What runs on a GPU is written in WGSL.] It is meant to be read, and its tests are part of it."),
    ("free", "[is Sluice free|is it free|does Sluice cost money, or is it free|are you free to use]?", "Yes, Sluice is free: it is open source under the MIT licence. [You may use it, change it and give it to others.|Everybody may read it, use it and change it.] It needs no cloud, because it runs on your own computer. [You only need a model file, and a small model comes with it.|A small model comes with it, so you can begin at once.]"),
    ("internet", "[do I need the internet|does it work without the internet|does Sluice use the internet|are my questions sent over the internet|do you use the internet]?", "You do not need the internet to run a model. [Sluice runs on your own computer, and nothing you type is sent over the internet.|Everything is computed on your own computer, and your questions stay there.] [You need the internet only to install Sluice and to get a model file.|Only to install it, or to get a larger model, is the internet needed.]"),
    ("help", "[where do I find help|how do I get help|I need help with Sluice|is there help for a command|where is the help]?", "To get help, type `sluice --help`. Every command has its own help, for example `sluice run --help` or `sluice trace compare --help`. [In a chat, `/help` lists what you can type.|The folder docs has more help.] [You can also ask me what a word means, such as router or slot.|The glossary in docs explains the words.]"),
    ("commands", "[which commands are there|what commands does Sluice have|list the commands|what are the commands|which commands can I use]?", "The commands of Sluice are run, chat, bench, inspect, devices, tokenize, logits and trace. [With `run` you give a prompt, with `chat` you talk, and with `bench` you measure the speed.|The first commands to try are `sluice run` and `sluice chat`.] [Each of the commands explains itself with `--help`.|Type `sluice run --help`, for example, to learn more.]"),
    ("start", "[how do I start|where do I start|what should I try first, how do I start|I have just installed Sluice, how do I start|how can I start with Sluice]?", "To start, type `npm ci` and then `npm start`. [That installs Sluice and asks the small model a question.|The small model that comes with Sluice then answers a question.] [Then start a chat with `npm run -s sluice -- chat`.|After that, try `npm run -s sluice -- chat`.] [For a real model, give the name of a GGUF file at the end.|When you have a larger GGUF file, give its name at the end.]"),
    ("stop", "[how do I stop an answer|how do I stop the model|can I stop it|how do I stop a long answer|what key will stop the answer]?", "To stop an answer, press Ctrl-C. In a chat, the part that is there is kept, and you can ask the next question. [To stop the chat itself, press Ctrl-D at the prompt.|At the prompt, Ctrl-D ends the chat.] [With `-n 100` an answer will stop after 100 tokens by itself.|If you want short answers, add `-n 100`: they stop after 100 tokens.]"),
    ("quantisation", "[which quantisation should I use|which quantisation is best|what quantisation do you recommend|which quantisation do I take]?", "The best quantisation is the largest one that fits well into your memory. [Q8_0 is almost as good as the original, and Q4_K is about half as large as that.|If memory is short, Q4_K is a good quantisation; if not, take Q8_0.] [With a smaller quantisation more experts fit into the slots, so there are fewer misses.|A smaller one also means that fewer bytes are read for each expert.]"),
    ("experts", "[how many experts are used for a token|how many experts does a token use|how many experts are there|how many experts does a model have|how many experts are in a layer]?", "The number of experts depends on the model: OLMoE has 64 experts in each layer and uses 8 of them for a token. [Mixtral has 8 experts in a layer and uses 2.|Qwen3-30B-A3B has 128 experts in a layer and uses 8.] [`sluice inspect model.gguf` tells how many experts a model has.|The other experts do no work for that token.]"),
]


# Terms that stand in the plural.
_PLURAL = ("hot tensors", "tokens per second", "logits")


def _plural(wording: str) -> str:
    """A wording of _WHAT for a term in the plural."""
    for one, many in (("what is it", "what are they"), ("What is it", "What are they"), ("what's", "what are"),
                      ("what is meant", "what@meant"), ("what is", "what are"), ("What is", "What are"),
                      ("what exactly is", "what exactly are"),
                      ("what does", "what do"), ("{a} is", "{a} are"), ("what@meant", "what is meant")):
        wording = wording.replace(one, many)
    return wording


def _wordings(asks: list[str]) -> list[str]:
    """All wordings, without those that name Sluice twice; a request ends in a full stop."""
    texts = dict.fromkeys(t for w in asks for t in _expand(w) if t.count("Sluice") < 2)
    return [t[:-1] + "." if t.startswith(("Tell me", "List", "I need help")) else t for t in texts]


def _topics() -> list[tuple[str, list[str], list[str]]]:
    topics = []
    for term, a, answer, more in DEFINITIONS:
        what = map(_plural, _WHAT) if term in _PLURAL else _WHAT
        asks = [w.replace("{a}", a).replace("{t}", term) for w in what] + more
        topics.append((term, asks, answer))
    for term, do, answer, more in WAYS:
        topics.append((term, [w.replace("{do}", do) for w in _HOW] + more, answer))
    for term, asks, answer in OTHERS:
        topics.append((term, [asks], answer))
    return [(term, _wordings(asks), _expand(answer)) for term, asks, answer in topics]


TOPICS = _topics()


def _pick(r) -> tuple[int, str]:
    k = r.randrange(len(TOPICS))
    return k, r.choice(TOPICS[k][1])


def make(r, held=False) -> Item:
    """A question about Sluice; what is held out is a wording of a topic."""
    k, ask = draw(r, held, _pick)
    term, _, answers = TOPICS[k]
    return Item(ask, r.choice(answers), None, (term,))
