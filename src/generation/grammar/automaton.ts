/**
 * Reads characters by a grammar, keeping all readings open at once.
 *
 * A *place* is a node that reads a character, with the stack of what has to follow it: where called
 * rules go on, and how often repetitions went round. A *configuration* is the set of places that the
 * text so far can have led to; the same idea as llama.cpp's set of stacks. Configurations are kept
 * and compared as wholes, so that reading on from one that was met before, by a class of characters
 * that was met before, is a look into a table: the grammar turns into a deterministic automaton as
 * far as it is used (as RE2 does for regular expressions, https://swtch.com/~rsc/regexp/regexp3.html).
 */
import { OptionError } from "../../support/errors.ts";
import { Alphabet } from "./alphabet.ts";
import type { Grammar } from "./grammar.ts";
import {
  type CharacterNode,
  createNetwork,
  type Network,
  type Node,
  type RepeatNode,
  setsOf,
} from "./network.ts";

/** Ways on from one point of the text. Beyond this a grammar is too ambiguous to be of use. */
const MOST_READINGS = 20_000;
/** What is kept between tokens: some tens of MiB. */
const MOST_CONFIGURATIONS = 10_000;
const MOST_STACKS = 100_000;

/** What is to follow, innermost first: a list whose equal members are one object. */
interface Stack {
  readonly id: number;
  /** Where to go on, and for a repetition how many rounds were begun; undefined at the bottom. */
  readonly top: { readonly node: Node; readonly rounds: number } | undefined;
  readonly below: Stack | undefined;
  /** All stacks made by a push onto this one. */
  readonly above: Map<number, Stack>;
}

interface Place {
  readonly node: CharacterNode;
  readonly stack: Stack;
}

export interface Configuration {
  readonly places: readonly Place[];
  /** Whether the text may end here. */
  readonly isEnd: boolean;
  /** By class of character: where it leads, null for nowhere, undefined if not yet worked out. */
  readonly next: (Configuration | null | undefined)[];
}

export class Automaton {
  readonly alphabet: Alphabet;
  readonly start: Configuration;
  readonly #network: Network;
  readonly #configurations = new Map<string, Configuration>();
  #bottom: Stack = bottomStack();
  #stackCount = 1;

  /** @param grammar one that `parseGrammar` vouches for */
  constructor(grammar: Grammar) {
    this.alphabet = new Alphabet(setsOf(grammar));
    this.#network = createNetwork(grammar, this.alphabet);
    this.start = this.#configurationFrom([[this.#network.start, this.#bottom]]);
  }

  /**
   * Where a character of this class leads; null if it cannot come next.
   *
   * @throws OptionError for a grammar so ambiguous that there are too many readings
   */
  step(from: Configuration, characterClass: number): Configuration | null {
    const known = from.next[characterClass];
    if (known !== undefined) return known;
    const readers = from.places.filter(({ node }) => node.members[characterClass] === 1);
    const next =
      readers.length === 0
        ? null
        : this.#configurationFrom(readers.map(({ node, stack }) => [node.next, stack]));
    from.next[characterClass] = next;
    return next;
  }

  /**
   * Forgets all configurations but this one if there are many, so that a long text does not fill the
   * memory.
   *
   * @returns the same configuration, perhaps as a new object
   */
  trim(current: Configuration): Configuration {
    if (this.#configurations.size <= MOST_CONFIGURATIONS && this.#stackCount <= MOST_STACKS)
      return current;
    this.#configurations.clear();
    this.#bottom = bottomStack();
    this.#stackCount = 1;
    const places = current.places.map(({ node, stack }) => ({ node, stack: this.#copy(stack) }));
    return this.#intern(places, current.isEnd);
  }

  /** Goes on without reading, from all of the beginnings, as far as to nodes that read. */
  #configurationFrom(beginnings: [Node, Stack][]): Configuration {
    const places: Place[] = [];
    let isEnd = false;
    const visited = new Set<number>();
    const toVisit = beginnings;
    const visit = (node: Node, stack: Stack): void => {
      const key = this.#keyOf(node, stack);
      if (visited.has(key)) return;
      if (visited.size >= MOST_READINGS)
        throw new OptionError(
          `grammar: it is too ambiguous, this text has more than ${MOST_READINGS} readings; are there repetitions within repetitions?`,
        );
      visited.add(key);
      toVisit.push([node, stack]);
    };
    const goRound = (node: RepeatNode, rounds: number, stack: Stack): void => {
      if (rounds >= node.least) visit(node.next, stack);
      if (rounds >= node.most) return;
      // Without an upper bound, rounds beyond the lower one need not be told apart.
      const begun = node.most === Infinity ? Math.min(rounds + 1, node.least) : rounds + 1;
      visit(node.body, this.#push(stack, node, begun));
    };

    for (let item = toVisit.pop(); item !== undefined; item = toVisit.pop()) {
      const [node, stack] = item;
      switch (node.kind) {
        case "characters":
          places.push({ node, stack });
          break;
        case "fork":
          for (const option of node.options) visit(option, stack);
          break;
        case "call": {
          // A rule called last goes on where this one does: lists do not pile up stacks.
          const rest = node.next.kind === "end" ? stack : this.#push(stack, node.next, 0);
          visit(this.#network.rules.get(node.rule)!, rest);
          break;
        }
        case "repeat":
          goRound(node, 0, stack);
          break;
        case "end": {
          const { top, below } = stack;
          if (top === undefined || below === undefined) isEnd = true;
          else if (top.node.kind === "repeat" && top.rounds > 0)
            goRound(top.node, top.rounds, below);
          else visit(top.node, below);
        }
      }
    }
    return this.#intern(places, isEnd);
  }

  /** The one configuration with these places. */
  #intern(places: Place[], isEnd: boolean): Configuration {
    places.sort((a, b) => this.#keyOf(a.node, a.stack) - this.#keyOf(b.node, b.stack));
    const keys = places.map(({ node, stack }) => this.#keyOf(node, stack));
    const key = `${isEnd} ${keys.join(" ")}`;
    const known = this.#configurations.get(key);
    if (known !== undefined) return known;
    const made: Configuration = { places, isEnd, next: [] };
    this.#configurations.set(key, made);
    return made;
  }

  #keyOf(node: Node, stack: Stack): number {
    return stack.id * this.#network.nodeCount + node.id;
  }

  #push(below: Stack, node: Node, rounds: number): Stack {
    const key = rounds * this.#network.nodeCount + node.id;
    const known = below.above.get(key);
    if (known !== undefined) return known;
    const made = { id: this.#stackCount++, top: { node, rounds }, below, above: new Map() };
    below.above.set(key, made);
    return made;
  }

  #copy(stack: Stack): Stack {
    const frames: NonNullable<Stack["top"]>[] = [];
    for (let rest: Stack | undefined = stack; rest?.top !== undefined; rest = rest.below)
      frames.push(rest.top);
    return frames.reduceRight(
      (below, { node, rounds }) => this.#push(below, node, rounds),
      this.#bottom,
    );
  }
}

function bottomStack(): Stack {
  return { id: 0, top: undefined, below: undefined, above: new Map() };
}
