/** Whether a story keeps to its heroes: who they are called, and what they are. */
import type { StoryWords } from "./inputs.ts";

const mostNames = 2;

/** One or two names, and none of them belongs to two kinds of heroes. */
export function storyFault(story: string, words: StoryWords): string | undefined {
  const names = namesIn(story, words);
  if (names.length === 0) return "without a name";
  if (names.length > mostNames) return `${names.length} names: ${names.join(", ")}`;
  for (const name of names) {
    const heroes = heroesNamed(name, story, words);
    if (heroes.length > 1) return `${name} is a ${heroes.join(" and a ")}`;
  }
  return undefined;
}

function namesIn(story: string, { names }: StoryWords): string[] {
  const words = story.match(/\b[A-Z][a-z]+\b/g) ?? [];
  return [...new Set(words.filter((word) => names.has(word)))];
}

/**
 * What "Mia the old fox" and "an old fox named Mia" say that Mia is. Words that can be no hero are
 * passed over: "Tom gave Mia the lantern" says nothing, and in "Mia the old fox" the fox counts.
 */
function heroesNamed(name: string, story: string, { heroes }: StoryWords): string[] {
  const found = [
    ...story.matchAll(new RegExp(`\\b${name} the ((?:[a-z-]+ ?){1,3})`, "g")),
    ...story.matchAll(
      new RegExp(`\\b(?:a|an|the) ((?:[a-z-]+ ){1,4})(?:named|called) ${name}\\b`, "gi"),
    ),
  ];
  const kinds = found.flatMap(([, words = ""]) => heroIn(words.trim().toLowerCase(), heroes) ?? []);
  return [...new Set(kinds)];
}

/** The first hero among the words; two words may be one hero ("gentle giant"). */
function heroIn(text: string, heroes: ReadonlySet<string>): string | undefined {
  const words = text.split(/\s+/);
  const pairs = words.slice(1).map((word, index) => `${words[index]} ${word}`);
  return [...pairs, ...words].find((word) => heroes.has(word));
}
