/**
 * `tokenizer.ggml.pre` -> the regular expressions that cut a text into words before byte-pair
 * encoding. Every model family was trained with its own; with another one the tokens still spell
 * the text, but the model has never seen them in that arrangement.
 *
 * The patterns of a family are applied in order, each to the parts the one before left; a match is
 * a part of its own, and so is what lies between two matches, so that no character is ever lost.
 * They are written in the common subset of Oniguruma and of JavaScript's `u` flag.
 *
 * Sources: the families' tokenizer.json files and `llm_tokenizer_bpe` in llama.cpp's
 * src/llama-vocab.cpp, which also gives the names. Where llama.cpp only approximates a pattern
 * because `std::regex` knows no `\p{Lu}` (gpt-4o, tekken, kimi-k2), the family's own one stands here.
 */

/** How one family treats a text before and during byte-pair encoding. */
export interface PreTokenizer {
  /** Applied in order; no pattern means that the whole text is one word. */
  readonly patterns: readonly string[];
  /** A word that is a token as a whole is taken so, whatever the merges would make of it. */
  readonly takesWholeWords?: true;
  /** The text begins with the begin-of-text token unless the file says otherwise. */
  readonly addsBeginOfText?: true;
  /** Tokens are plain UTF-8 with `▁` for a space and `<0xE2>` for a byte, as in SentencePiece. */
  readonly escapesSpaces?: true;
}

// Alternatives that recur. First come the words...
const contraction = `'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])`;
const word = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
const capitalisedWord = String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`;
const upperCaseWord = String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`;
// ... then the numbers, ...
const digit = String.raw`\p{N}`;
const upToThreeDigits = String.raw`\p{N}{1,3}`;
// ... the punctuation, ...
const symbols = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`;
const symbolsOrSlashes = String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`;
// ... and white space, whose last character stays with the word that follows it.
const lines = String.raw`\s*[\r\n]+`;
const trailingSpace = String.raw`\s+(?!\S)`;
const space = String.raw`\s+`;
const whitespace = [lines, trailingSpace, space];

function oneOf(...alternatives: readonly string[]): string {
  return alternatives.join("|");
}

const gpt2Words = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const llama3Words = oneOf(contraction, word, upToThreeDigits, symbols, ...whitespace);
const qwen2Words = oneOf(contraction, word, digit, symbols, ...whitespace);
const gpt4oWords = oneOf(
  `${capitalisedWord}(?:${contraction})?`,
  `${upperCaseWord}(?:${contraction})?`,
  upToThreeDigits,
  symbolsOrSlashes,
  ...whitespace,
);

// The families of DeepSeek-V3: CJK runs, then words that may carry one ASCII punctuation mark.
const hanAndKana = String.raw`[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+`;
const markedWord = String.raw`[!-/:-@\[-${"`"}\{-~][A-Za-z]+`;
const wordWithMarks = String.raw`[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+`;
const deepseek3Words = oneOf(
  markedWord,
  wordWithMarks,
  String.raw` ?[\p{P}\p{S}]+[\r\n]*`,
  ...whitespace,
);

/** Letters with case, as DeepSeek LLM lists them: fewer than `\p{L}`, and of an older Unicode. */
const deepseekLetters = [
  String.raw`A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293`,
  String.raw`\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C`,
  String.raw`\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5`,
  String.raw`\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77`,
  String.raw`\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59`,
  String.raw`\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC`,
  String.raw`\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107`,
  String.raw`\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139`,
  String.raw`\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE`,
  String.raw`\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E`,
  String.raw`\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A`,
  String.raw`\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}`,
  String.raw`\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}`,
].join("");
const deepseekCjk = String.raw`[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+`;

/** Scripts that AFMoE keeps apart: CJK, kana, Thai, Lao, Khmer, Burmese, Hangul. */
const afmoeScripts = [
  String.raw`[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F`,
  String.raw`\u2F00-\u2FDF\u0E40-\u0E7F\u0E80-\u0EFF\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F`,
  String.raw`\uA9E0-\uA9FF\uAC00-\uD7AF\u1100-\u11FF]+`,
].join("");

/**
 * Cuts a run of digits so that groups of three end where the run ends: 12345 -> 12, 345. Asking at
 * every digit whether a multiple of three follows would be quadratic; this asks at the first only.
 */
const beforeGroupsOfThree = String.raw`(?<=(?<!\d)\d{0,2})(?=(?:\d{3})+(?!\d))`;

// Kimi K2 takes Han runs apart and then forbids Han in its words.
const notHan = String.raw`(?!\p{Script=Han})`;
const kimiUpper = String.raw`(?:${notHan}[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])`;
const kimiLower = String.raw`(?:${notHan}[\p{Ll}\p{Lm}\p{Lo}\p{M}])`;
const kimiLead = String.raw`[^\r\n\p{L}\p{N}]?`;

const gpt2: PreTokenizer = { patterns: [gpt2Words] };
const starcoder: PreTokenizer = { patterns: [digit, gpt2Words] };
const llama3: PreTokenizer = {
  patterns: [llama3Words],
  takesWholeWords: true,
  addsBeginOfText: true,
};
const dbrx: PreTokenizer = { patterns: [llama3Words] };
const qwen2: PreTokenizer = { patterns: [qwen2Words] };
const gpt4o: PreTokenizer = { patterns: [gpt4oWords] };
const deepseek3: PreTokenizer = { patterns: [upToThreeDigits, hanAndKana, deepseek3Words] };
const bloom: PreTokenizer = { patterns: [String.raw` ?[^(\s|.,!?…。，、।۔،)]+`] };
const bailingmoe: PreTokenizer = {
  patterns: [
    oneOf(
      `'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])`,
      word,
      digit,
      symbols,
      String.raw`\s*[\r\n]`,
      trailingSpace,
      space,
    ),
  ],
};
const tinyAya: PreTokenizer = {
  // A number that ends at a word boundary is grouped from its end, any other from its beginning.
  patterns: [String.raw`(?<!\d)\d+\b`, String.raw`^\d{1,2}(?=(?:\d{3})+$)`, gpt4oWords],
};
/** One line is one word, spaces and all. */
const spacedLines: PreTokenizer = { patterns: [String.raw`[^\n]+|\n+`], escapesSpaces: true };

/** The families, each with the names that files know it by. */
const families: readonly (readonly [names: string, PreTokenizer])[] = [
  [
    "default",
    {
      patterns: [String.raw`[\p{P}$+<=>^~|]+`, gpt2Words, String.raw`\p{N}+`, "[0-9][0-9][0-9]"],
    },
  ],
  ["llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", llama3],
  ["dbrx smaug-bpe glm4 chatglm-bpe", dbrx],
  [
    "jais-2",
    {
      patterns: [
        oneOf(
          contraction,
          word,
          upToThreeDigits,
          symbols,
          lines,
          ...[512, 256, 128, 64, 32, 16, 8, 4].map((count) => String.raw`\s{${count}}(?!\S)`),
          String.raw`\s{1,2}(?!\S)`,
          String.raw`\s`,
        ),
      ],
    },
  ],
  [
    "minicpm5",
    {
      patterns: [
        upToThreeDigits,
        oneOf(contraction, word, String.raw`\p{N}+`, symbols, ...whitespace),
      ],
      takesWholeWords: true,
    },
  ],
  [
    "deepseek-llm",
    {
      patterns: [
        String.raw`[\r\n]`,
        String.raw`\s?[${deepseekLetters}]+`,
        String.raw`\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+`,
        String.raw`\s+$`,
        deepseekCjk,
        String.raw`\p{N}+`,
      ],
    },
  ],
  [
    "deepseek-coder",
    {
      patterns: [
        String.raw`[\r\n]`,
        String.raw`\s?\p{L}+`,
        String.raw`\s?\p{P}+`,
        deepseekCjk,
        digit,
      ],
    },
  ],
  ["deepseek-v3 hunyuan-dense joyai-llm hy_v4", deepseek3],
  [
    "spark2_5",
    {
      patterns: [
        upToThreeDigits,
        hanAndKana,
        oneOf(
          markedWord,
          wordWithMarks,
          String.raw` ?[\p{P}\p{S}]+`,
          String.raw`[\r\n]`,
          trailingSpace,
          space,
        ),
        digit,
      ],
    },
  ],
  [
    "youtu",
    {
      patterns: [
        oneOf(
          String.raw`[\uAC00-\uD7A3\u3131-\u318E]+`,
          String.raw`[！…“”‘’—：；，\u3001-\u303F\uFE30-\uFE4F]+`,
          String.raw`[\u3105-\u312F]+`,
          hanAndKana,
        ),
        oneOf(
          `${capitalisedWord}(?:${contraction})?`,
          `${upperCaseWord}(?:${contraction})?`,
          digit,
          symbolsOrSlashes,
          ...whitespace,
        ),
      ],
      takesWholeWords: true,
    },
  ],
  [
    "falcon",
    {
      patterns: ["[\\p{P}$+<=>^~|`]+", gpt2Words, "[0-9][0-9][0-9]"],
    },
  ],
  ["starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", starcoder],
  [
    "gpt-2 phi-2 jina-es jina-de jina-v2-es jina-v2-de jina-v1-en jina-v2-code roberta-bpe " +
      "gigachat a.x-4.0 mellum modern-bert mpt olmo jais trillion granite-docling exaone4",
    gpt2,
  ],
  ["qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2", qwen2],
  [
    "qwen35",
    {
      patterns: [
        oneOf(
          contraction,
          String.raw`[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+`,
          digit,
          String.raw` ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*`,
          ...whitespace,
        ),
      ],
    },
  ],
  ["ufakzeka", { patterns: [oneOf(word, digit, symbols, ...whitespace)] }],
  [
    "seed-coder",
    {
      patterns: [
        oneOf(contraction, word, digit, String.raw` ?[^\s\p{L}\p{N}\r\n]+`, ...whitespace),
      ],
    },
  ],
  ["laguna", { patterns: [String.raw`[^\n]+|\n+`, qwen2Words] }],
  ["poro-chat bloom gpt3-finnish", bloom],
  ["viking", { patterns: [...bloom.patterns, digit] }],
  [
    "tekken",
    {
      patterns: [oneOf(capitalisedWord, upperCaseWord, digit, symbolsOrSlashes, ...whitespace)],
      takesWholeWords: true,
      addsBeginOfText: true,
    },
  ],
  [
    "chameleon",
    {
      patterns: [
        "<sentinel:[0-9]+>",
        "IMGIMG[A-I]{1,4}Z",
        String.raw`[\t\n]|    |  `,
        digit,
        "[\\p{P}!-/:-@\\[-`\\{-~]",
        gpt2Words,
      ],
      addsBeginOfText: true,
    },
  ],
  ["gpt-4o llama4 kanana2 talkie minimax-m2", gpt4o],
  ["granite-embed-multi-97m", { ...gpt4o, takesWholeWords: true }],
  ["tiny_aya cohere2moe", tinyAya],
  ["superbpe", { patterns: [String.raw`\p{N}+`, beforeGroupsOfThree, String.raw`\d{3}`] }],
  ["bailingmoe bailingmoe2 llada-moe", bailingmoe],
  [
    "kimi-k2",
    {
      patterns: [
        oneOf(
          String.raw`\p{Script=Han}+`,
          `${kimiLead}${kimiUpper}*${kimiLower}+(?:${contraction})?`,
          `${kimiLead}${kimiUpper}+${kimiLower}*(?:${contraction})?`,
          upToThreeDigits,
          symbols,
          ...whitespace,
        ),
      ],
    },
  ],
  [
    "afmoe",
    {
      patterns: [
        String.raw`\p{N}+`,
        beforeGroupsOfThree,
        upToThreeDigits,
        afmoeScripts,
        deepseek3Words,
      ],
    },
  ],
  [
    "exaone-moe",
    {
      patterns: [
        oneOf(
          contraction,
          String.raw`[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+`,
          digit,
          String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]?`,
          String.raw`\s*[\r\n]`,
          trailingSpace,
          space,
        ),
      ],
    },
  ],
  ["gemma4 granite-embed-multi-311m", { ...spacedLines, addsBeginOfText: true }],
  ["sarvam-moe", spacedLines],
];

/** Every name that `tokenizer.ggml.pre` may hold. A file without one is read as "default". */
export const preTokenizers: ReadonlyMap<string, PreTokenizer> = new Map(
  families.flatMap(([names, family]) => names.split(" ").map((name) => [name, family] as const)),
);
