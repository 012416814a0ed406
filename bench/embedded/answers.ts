/** What the model answers, and which of the answers are right. */
import { codeFault } from "./codeLanguage.ts";
import type { LanguageModel } from "./engine.ts";
import type { Kind, Question, StoryWords } from "./inputs.ts";
import { rounded } from "./numbers.ts";
import { storyFault } from "./storyNames.ts";
import { sumFault, sumGroups } from "./sums.ts";

export interface Answered {
  readonly question: Question;
  readonly answer: string;
  readonly tokens: number;
  /** The model ended its turn by itself. */
  readonly ended: boolean;
}

/** How many of how many. */
export interface Tally {
  readonly asked: number;
  readonly right: number;
  readonly share: number;
}

export interface MeasureResult extends Tally {
  readonly groups: Readonly<Record<string, Tally>>;
}

interface Failure {
  readonly domain: string;
  readonly prompt: string;
  readonly answer: string;
  readonly why: string;
}

export interface Judged {
  readonly results: Readonly<Record<string, MeasureResult>>;
  readonly failures: Readonly<Record<string, readonly Failure[]>>;
}

interface Measure {
  readonly name: string;
  readonly kind: Kind;
  /** What is wrong with an answer; undefined if nothing. */
  readonly fault: (question: Question, answer: string) => string | undefined;
  /** Parts of the whole that are also counted by themselves. */
  readonly groups: (question: Question) => readonly string[];
}

const answerTokens = 300;

/** The likeliest answers, one after the other on one sequence. */
export async function answerAll(
  model: LanguageModel,
  questions: readonly Question[],
  onAnswer: (done: number) => void,
): Promise<Answered[]> {
  using sequence = model.createSequence();
  await using _threads = await model.holdThreads();
  const answers: Answered[] = [];
  for (const question of questions) {
    const options = { temperature: 0, maxTokens: answerTokens, sequence };
    const generation = model.generate(question.prompt, options);
    const answer = (await Array.fromAsync(generation)).join("");
    const { generatedTokens: tokens, finishReason } = generation.statistics;
    answers.push({ question, answer, tokens, ended: finishReason === "end" });
    onAnswer(answers.length);
  }
  return answers;
}

export function judgeAnswers(answers: readonly Answered[], words: StoryWords): Judged {
  const results: Record<string, MeasureResult> = {};
  const failures: Record<string, readonly Failure[]> = {};
  for (const measure of measuresWith(words)) {
    const judged = answers
      .filter(({ question }) => question.kind === measure.kind)
      .map(({ question, answer }) => {
        return { question, answer, why: measure.fault(question, answer) };
      });
    if (judged.length === 0) continue;
    const groups = Map.groupBy(
      judged.flatMap((one) => measure.groups(one.question).map((group) => ({ group, one }))),
      ({ group }) => group,
    );
    results[measure.name] = {
      ...tallyOf(judged),
      groups: Object.fromEntries(
        [...groups].map(([group, members]) => [group, tallyOf(members.map(({ one }) => one))]),
      ),
    };
    failures[measure.name] = judged.flatMap(({ question, answer, why }) =>
      why === undefined ? [] : [{ domain: question.domain, prompt: question.prompt, answer, why }],
    );
  }
  return { results, failures };
}

/** Answers without an end, and how long all were. */
export function answerLengths(answers: readonly Answered[]): Readonly<Record<string, number>> {
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0);
  return {
    answers: answers.length,
    tokens,
    tokensPerAnswer: rounded(tokens / Math.max(1, answers.length), 1),
    withoutEnd: answers.filter(({ ended }) => !ended).length,
  };
}

function measuresWith(words: StoryWords): readonly Measure[] {
  const whole = () => [];
  return [
    { name: "asked", kind: "asked", fault: missingWords, groups: ({ domain }) => [domain] },
    { name: "sum", kind: "sum", fault: sumFault, groups: sumGroups },
    { name: "language", kind: "language", fault: codeFault, groups: (q) => [q.language ?? ""] },
    { name: "story", kind: "story", fault: (_, text) => storyFault(text, words), groups: whole },
    { name: "storyAsked", kind: "story", fault: missingWords, groups: whole },
    { name: "sluice", kind: "sluice", fault: missingWords, groups: whole },
  ];
}

function missingWords({ mentions }: Question, answer: string): string | undefined {
  const text = answer.toLowerCase();
  const missing = mentions.filter((word) => !text.includes(word.toLowerCase()));
  return missing.length === 0 ? undefined : `without ${missing.join(", ")}`;
}

function tallyOf(judged: readonly { readonly why: string | undefined }[]): Tally {
  const right = judged.filter(({ why }) => why === undefined).length;
  return { asked: judged.length, right, share: rounded(right / judged.length, 4) };
}
