/** Vocabularies that lie about themselves, and chat templates that never end. */
import { arrayOf, i32, type Value } from "../support/ggufBuilder.ts";
import { extremeFloats, extremeIntegers } from "./chance.ts";
import type { SourceDamage } from "./metadataDamage.ts";

const key = (name: string) => `tokenizer.ggml.${name}`;

export const tokenizerDamages: Readonly<Record<string, SourceDamage>> = {
  "lists of unequal length": (chance, { metadata }) => {
    const name = chance.of(["tokens", "token_type", "scores", "merges"]);
    const list = elementsOf(metadata[key(name)]);
    const length = chance.of([0, 1, list.length - 1, list.length + 1, list.length * 2]);
    const elements = Array.from({ length }, (_, index) => list[index % list.length] ?? "x");
    const type = typeof elements[0] === "string" ? "string" : name === "scores" ? "f32" : "i32";
    metadata[key(name)] = arrayOf(type, elements);
    return `${length} ${name}`;
  },

  "hostile tokens": (chance, { metadata }) => {
    const tokens = elementsOf(metadata[key("tokens")]).map(String);
    for (let hit = chance.of([1, 10, 300]); hit > 0; hit--) {
      tokens[chance.below(tokens.length)] = chance.of(hostilePieces);
    }
    metadata[key("tokens")] = arrayOf("string", tokens);
    return "";
  },

  "hostile token types": (chance, { metadata }) => {
    const types = elementsOf(metadata[key("token_type")]).map(Number);
    const kind = chance.of([0, 1, 2, 3, 4, 5, 6, 7, -1, 2 ** 31 - 1]);
    const share = chance.of([1, 2, 20]);
    metadata[key("token_type")] = arrayOf(
      "i32",
      types.map((type) => (chance.oneIn(share) ? kind : type)),
    );
    return `kind ${kind}`;
  },

  "hostile scores": (chance, { metadata }) => {
    const tokens = elementsOf(metadata[key("tokens")]);
    const scores = tokens.map(() => chance.of(chance.oneIn(2) ? extremeFloats : [0, -1]));
    metadata[key("scores")] = arrayOf("f32", scores);
    return "";
  },

  "hostile merges": (chance, { metadata }) => {
    const merges = [...hostileMerges, ...elementsOf(metadata[key("merges")]).map(String)];
    const count = chance.of([1, 5, 1000]);
    metadata[key("merges")] = Array.from({ length: count }, () => chance.of(merges));
    return `${count}`;
  },

  "special tokens out of range": (chance, { metadata }) => {
    const name = chance.of(["bos", "eos", "eot", "eom", "unknown", "padding", "fim_pad"]);
    const value = chance.of(extremeIntegers);
    metadata[key(`${name}_token_id`)] = chance.oneIn(4) ? i32(-1) : value;
    metadata[key("add_bos_token")] = chance.oneIn(2);
    metadata[key("add_eos_token")] = chance.oneIn(2);
    return `${name} ${value}`;
  },

  "another algorithm": (chance, { metadata }) => {
    metadata[key("model")] = chance.of(["gpt2", "llama", "gemma4", "bert", "no_vocab", "t5", ""]);
    metadata[key("pre")] = chance.of(["default", "llama-bpe", "gpt-4o", "kimi-k2", "constructor"]);
    return `${metadata[key("model")]} ${metadata[key("pre")]}`;
  },

  "hostile template": (chance, { metadata }) => {
    // Few that are slow to fail, and very few that run into the time limit.
    const slow = chance.oneIn(20) ? endlessTemplates : busyTemplates;
    const template = chance.of(chance.oneIn(8) ? slow : hostileTemplates);
    metadata["tokenizer.chat_template"] = template;
    return JSON.stringify(template.slice(0, 60));
  },

  "damaged template": (chance, { metadata }) => {
    const text = String(metadata["tokenizer.chat_template"]);
    const [from, to] = [chance.below(text.length), chance.below(text.length)];
    metadata["tokenizer.chat_template"] =
      text.slice(0, from) + chance.of(["", "{{", "{%", "}}", "%}", "'", "("]) + text.slice(to);
    return `${from} ${to}`;
  },
};

const hostilePieces = [
  "",
  " ",
  "\0",
  "\0unknown",
  "\ufeff",
  "\ud800",
  "▁",
  "▁".repeat(1000),
  "a".repeat(100_000),
  "<0x41>",
  "<0xZZ>",
  "<0x100>",
  "<|im_end|>",
  "</s>",
  "__proto__",
  "constructor",
  "toString",
  "(a+)+$",
  "[",
  "\\",
  "👩‍👩‍👧‍👦",
  "e\u0301".repeat(50),
  "H",
  "e",
];

const hostileMerges = [
  "",
  " ",
  "  ",
  "a",
  "a ",
  " a",
  "a b c",
  "a a",
  "__proto__ __proto__",
  "constructor x",
  "h e",
  "he l",
  "\0 \0",
  "a".repeat(10_000),
];

export const hostileTemplates: readonly string[] = [
  "",
  "{{",
  "{%",
  "{# never closed",
  "{{ x.y.z }}",
  "{{ messages[99].content }}",
  "{{ messages }}",
  "{{ none + 1 }}",
  "{{ raise_exception('no') }}",
  "{{ 1 / 0 }}{{ 0 % 0 }}",
  "{% for a, b, c in messages %}{% endfor %}",
  "{% for m in 7 %}{% endfor %}",
  "{{ range }}",
  "{{ range(1, 10, 0) }}",
  "{{ range(1e308) }}",
  "{{ range(2000000000) }}",
  "{{ messages[0].constructor.constructor('return process')().exit() }}",
  "{{ ''.constructor }}{{ messages.__proto__ }}{{ namespace.constructor }}",
  "{% set messages = 1 %}{{ messages }}",
  "{{ 'x' | indent(400000000, true) }}",
  "{{ 'x' | indent(-5, true) }}",
  "{{ strftime_now(7) }}{{ strftime_now('%Y%q') }}",
  `{{ ${"(".repeat(20_000)} }}`,
  `{{ ${"[".repeat(20_000)} }}`,
  `${"{% if true %}".repeat(5000)}x${"{% endif %}".repeat(5000)}`,
  `{{ x${".a".repeat(50_000)} }}`,
  "{{ '\0\ud800\uffff' }}",
  "{% macro f(x) %}{{ caller() }}{{ f(x) }}{% endmacro %}{% call f(1) %}{{ f(2) }}{% endcall %}",
  "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
  "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
];

/** They do too much, which the budget of work notices. */
const busyTemplates = [
  "{% macro f(x) %}{% if x > 0 %}{{ f(x - 1) }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
  "{% for i in range(9999) %}{% for j in range(9999) %}{{ i }}{% endfor %}{% endfor %}",
  "{% for i in range(99999) %}{{ messages[0].content }}{{ 'x' * 1 }}{% endfor %}",
  "{% set n = namespace(l=[]) %}{% for i in range(99999) %}{% set n.l = n.l + [i] %}{% endfor %}",
  "{% for i in range(99999) %}a long text that is repeated too often, far too often{{ i }}{% endfor %}",
];

/** One step of the library's, or steps that make nothing, for hours. */
export const endlessTemplates: readonly string[] = [
  "{% set l = range(99999) %}{% for i in l %}{% for j in l %}{% endfor %}{% endfor %}",
  "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | tojson }}",
  `${"\n".repeat(1_400_000)}{{ x }}`,
];

function elementsOf(value: Value | undefined): readonly (string | number)[] {
  if (value === undefined || typeof value !== "object") return [0];
  if (!("type" in value)) return value as readonly (string | number)[];
  const inner = value.value;
  return typeof inner === "object" ? (inner.elements as readonly (string | number)[]) : [0];
}
