/** `sluice chat` at a terminal, which `script` of util-linux plays. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/scratchFolder.ts";
import { roomyModel } from "./roomyModel.ts";
import { binPath, surroundings } from "./sluice.ts";

const scratch = scratchFolder();
const hasScript = spawnSync("script", ["--version"]).stdout?.includes("util-linux") ?? false;

/** A chat on a terminal, and everything it has shown so far. */
class TerminalChat implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  #shown = "";
  #seen = 0;

  constructor(args: readonly string[]) {
    // A shell that waits for the program would get each Ctrl-C as well, and end by it: hence exec.
    const command = ["exec", process.execPath, binPath, "chat", ...args].join(" ");
    this.#child = spawn("script", ["-qec", command, "/dev/null"], {
      env: { ...surroundings, SHELL: "/bin/sh", TERM: "xterm", NO_COLOR: "1" },
    });
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.#shown += chunk.toString();
    });
    this.#ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Waits until a text is shown that was not waited for before. @returns what was shown up to it */
  async sees(text: string): Promise<string> {
    for (const end = performance.now() + 20_000; performance.now() < end; await wait(10)) {
      const at = this.#shown.indexOf(text, this.#seen);
      if (at !== -1) {
        const between = this.#shown.slice(this.#seen, at);
        this.#seen = at + text.length;
        return between;
      }
    }
    throw new Error(`no "${text}" in ${JSON.stringify(this.#shown.slice(this.#seen))}`);
  }

  async end(): Promise<number | null> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

const ctrlC = "\x03";
const ctrlD = "\x04";
const up = "\x1b[A";

test.skipIf(!hasScript)("a person edits lines, goes back in the history and leaves", async () => {
  await using chat = new TerminalChat(["--temperature", "0", "-n", "8"]);
  await chat.sees("/help helps");
  await chat.sees("> ");
  chat.type("Who are yoU\x7fu?\r");
  await chat.sees("I am Sluice");
  await chat.sees("0 reused");
  await chat.sees("> ");
  chat.type(`${up}\r`);
  await chat.sees("Who are you?");
  await chat.sees("I am Sluice");
  await chat.sees("cut by -n]");
  await chat.sees("> ");
  chat.type("/und\t\r");
  await chat.sees("forgotten: Who are you?");
  await chat.sees("> ");
  chat.type("/nope\r");
  await chat.sees("there is no /nope");
  await chat.sees("> ");
  chat.type(`abc${ctrlC}`);
  await chat.sees("Ctrl-C again or Ctrl-D ends the chat");
  await chat.sees("> ");
  chat.type("one\\\r");
  await chat.sees("… ");
  chat.type(ctrlC);
  await chat.sees("Ctrl-C again");
  await chat.sees("> ");
  chat.type(ctrlC);
  expect(await chat.end()).toBe(0);
});

test.skipIf(!hasScript)("pasted lines are one message, lines typed ahead are several", async () => {
  await using chat = new TerminalChat(["--temperature", "0", "-n", "4"]);
  await chat.sees("> ");
  chat.type("\x1b[200~one\rtwo\x1b[201~\r");
  await chat.sees("reused");
  await chat.sees("> ");
  chat.type("/undo\r/stats\r");
  expect(await chat.sees("answers ")).toContain("forgotten: one\\x0atwo");
  await chat.sees("> ");
  chat.type(ctrlD);
  expect(await chat.end()).toBe(0);
});

test.skipIf(!hasScript)("Ctrl-C stops an answer, and the chat goes on", async () => {
  const options = "--context 10001 --arithmetic exact --threads 1 --temperature 0 --ignore-eos";
  await using chat = new TerminalChat([roomyModel(scratch), ...options.split(" ")]);
  await chat.sees("> ");
  chat.type("z\r");
  await chat.sees("\x1b[?2004l"); // the line is over
  await wait(500);
  chat.type(ctrlC);
  await chat.sees("; stopped]");
  await chat.sees("> ");
  chat.type("/stats\r");
  await chat.sees("1, 2 messages in the conversation");
  await chat.sees("> ");
  chat.type("/quit\r");
  expect(await chat.end()).toBe(0);
});
