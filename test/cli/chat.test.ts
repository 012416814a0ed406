/** `sluice chat` fed by a program: answers on stdout, all else on stderr. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Conversation } from "../../src/generation/conversation.ts";
import { openModel } from "../../src/generation/languageModel.ts";
import { scratchFolder } from "../support/scratchFolder.ts";
import { roomyModel } from "./roomyModel.ts";
import { goldenModel, sluice, startSluice } from "./sluice.ts";

const scratch = scratchFolder();
const greedy = ["--temperature", "0", "-n", "40"];

async function chat(lines: readonly string[], args: readonly string[] = []) {
  return sluice(["chat", ...greedy, ...args], { stdin: lines.map((line) => `${line}\n`).join("") });
}

/** What the library answers to these questions. */
async function answersOf(questions: readonly string[], system?: string): Promise<string[]> {
  await using model = await openModel();
  using conversation = new Conversation(model, system === undefined ? {} : { system });
  const answers: string[] = [];
  for (const question of questions) {
    const answer = conversation.ask(question, { temperature: 0, maxTokens: 40 });
    for await (const _ of answer);
    answers.push(answer.text);
  }
  return answers;
}

const who = "Who are you?";
const fox = "Tell me a story\nabout a fox.";

test("each line is a turn; only answers go to stdout", async () => {
  const { code, stdout, stderr } = await chat([who, "", "Tell me a story\\", "about a fox."]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe((await answersOf([who, fox])).map((answer) => `${answer}\n`).join(""));
});

test("--stats tells after each answer what was computed and what was there already", async () => {
  const { stderr } = await chat([who, '"""', ...fox.split("\n"), '"""', "/stats"], ["--stats"]);
  const [first, second, ...rest] = stderr.split("\n");
  expect(first).toMatch(
    /^\[\d+ in, 0 reused, [\d.]+ s; \d+ out, [\d.]+ tokens\/s; context \d+\/512/,
  );
  const [, prompt, reused] = /^\[(\d+) in, (\d+) reused/.exec(second ?? "") ?? [];
  expect(Number(reused)).toBeGreaterThan(20);
  expect(Number(prompt)).toBeGreaterThan(Number(reused));
  expect(rest.join("\n")).toMatch(
    /^answers +2, 4 messages in the conversation\ncontext +\d+ of 512/,
  );
});

test("a system prompt comes from the command line, a file or /system, and outlives /reset", async () => {
  const system = "You are Sluice, a very small model.";
  const file = join(scratch, "system.txt");
  writeFileSync(file, `${system}\n`);
  const outcomes = await Promise.all([
    chat([who], ["--stats"]),
    chat([who], ["--stats", "--system", system]),
    chat([who], ["--stats", "--system-file", file]),
    chat(["Hello.", `/system ${system}`, "/reset", who], ["--stats"]),
    chat([who, "/reset", '/system ""', who], ["--stats", "--system", system]),
  ]);
  // The model may answer the same: the length of the last prompt tells what it was asked.
  const lengths = outcomes.map(({ stderr }) => Number(/.*\[(\d+) in/s.exec(stderr)?.[1]));
  const [without = 0, ...others] = lengths;
  const [length = 0] = others;
  expect(length).toBeGreaterThan(without + 5);
  expect(others).toEqual([length, length, length, without]);
  const [answer] = await answersOf([who], system);
  for (const { stdout } of outcomes.slice(1, 4)) expect(stdout.endsWith(`${answer}\n`)).toBe(true);
  expect(outcomes[3]?.stderr).toContain(`system prompt: ${system}\na new conversation\n`);
  expect(outcomes[4]?.stderr).toContain("a new conversation\nno system prompt\n");
});

test("a conversation is saved, loaded and undone", async () => {
  const file = join(scratch, "talk.json");
  const first = await chat([who, `/save ${file}`, "Hello."]);
  expect(first).toMatchObject({ code: 0, stderr: `saved 2 messages to ${file}\n` });
  const second = await chat([
    `/load ${file}`,
    "Hello.",
    "/undo",
    "/undo",
    `/save ${file}`,
    "/quit",
    who,
  ]);
  expect(second.code).toBe(0);
  // Nothing after /quit is answered.
  expect(first.stdout.endsWith(second.stdout)).toBe(true);
  expect(second.stdout.length).toBeGreaterThan(2);
  expect(second.stderr).toBe(
    `loaded 2 messages from ${file}\nforgotten: Hello.\nforgotten: ${who}\nsaved 0 messages to ${file}\n`,
  );
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ messages: [] });
});

test("/help lists every command on stderr", async () => {
  const { stdout, stderr } = await chat(["/help"]);
  expect(stdout).toBe("");
  for (const name of ["help", "reset", "stats", "system", "save", "load", "quit"])
    expect(stderr).toMatch(new RegExp(`^/${name} `, "m"));
  expect(stderr.split("\n").filter((line) => line.length > 90)).toEqual([]);
});

test.each([
  ["an unknown command", ["/nope", who], 2, "there is no /nope; /help lists the commands"],
  ["a command without its file", ["/save"], 2, "/save needs the name of a file"],
  ["a command with too much", ["/reset now"], 2, "/reset takes nothing after it"],
  ["a file that is not there", ["/load /nowhere/x"], 1, "cannot read /nowhere/x: no such file"],
  [
    "a file of another kind",
    [`/load ${import.meta.filename}`],
    1,
    "conversation: the text is not JSON",
  ],
  ["a question too long", ["word ".repeat(600), who], 1, "more than the context of 512"],
])("%s ends a chat with a program in one line", async (_, lines, code, message) => {
  const outcome = await chat(lines);
  expect(outcome).toMatchObject({ code, stdout: "" });
  expect(outcome.stderr).toMatch(/^sluice: /);
  expect(outcome.stderr).toContain(message);
});

test("stdin that is no UTF-8 is refused", async () => {
  const { code, stdout, stderr } = await sluice(["chat"], {
    stdin: Uint8Array.of(0x61, 0xff, 0x0a),
  });
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: "",
    stderr: "sluice: cannot read stdin: it is not UTF-8 text\n",
  });
});

test("a full context is an error, or with --shift none at all", async () => {
  const lines = new Array<string>(6).fill("Tell me a story about a fox.");
  const full = await chat(lines, ["--context", "128"]);
  expect(full.code).toBe(1);
  expect(full.stderr).toMatch(/^sluice: the conversation takes \d+ tokens.*--shift|let it shift/);
  const shifted = await chat(lines, ["--context", "128", "--shift", "--stats"]);
  expect(shifted.code).toBe(0);
  expect(shifted.stderr).toMatch(/\d messages dropped/);
  expect(shifted.stderr.match(/^\[/gm)).toHaveLength(6);
});

test("a seed repeats a chat, but not its first numbers in each answer", async () => {
  const args = ["--temperature", "1.5", "--seed", "7"];
  const lines = [who, "/reset", who];
  const [first, again] = await Promise.all([chat(lines, args), chat(lines, args)]);
  expect(again.stdout).toBe(first.stdout);
  const [one, two] = first.stdout.split("\n");
  expect(one).not.toBe(two);
});

test("a model without a chat template says so and talks all the same", async () => {
  const { code, stdout, stderr } = await sluice(["chat", goldenModel, "-n", "4"], {
    stdin: "a\nb",
  });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^sluice: q8_0.gguf has no chat template/);
  expect(stdout.match(/\n/g)?.length).toBeGreaterThanOrEqual(2);
});

test("Ctrl-C stops an answer, keeps it, and the next question is answered", async () => {
  const saved = join(scratch, "stopped.json");
  const options = "--context 10001 --arithmetic exact --kv f32 --threads 1 --temperature 0 -n 3000";
  const { child, outcome } = startSluice([
    "chat",
    roomyModel(scratch),
    "--stats",
    ...options.split(" "),
  ]);
  child.stdin.write("z\n");
  await once(child.stdout, "data");
  child.kill("SIGINT");
  child.stdin.end(`/save ${saved}\nz\n`);
  const { code, stderr } = await outcome;
  expect(code).toBe(0);
  expect(stderr).toMatch(/; stopped\]\nsaved 2 messages.*\n\[\d+ in, .*[^d]\]\n$/);
  const { messages } = JSON.parse(readFileSync(saved, "utf8")) as {
    messages: { content: string }[];
  };
  expect(messages[1]?.content).not.toBe("");
});

test("Ctrl-C while it waits for a line ends it", async () => {
  const { child, outcome } = startSluice(["chat", ...greedy]);
  child.stdin.write(`${who}\n`);
  await once(child.stdout, "data");
  child.stdin.write("/help\n");
  await once(child.stderr, "data");
  child.kill("SIGINT");
  expect(await outcome).toMatchObject({ code: 130 });
});
