/**
 * The engine's end of the talk: a process that has loaded a model answers each line "SEED
 * PROMPT_TOKENS GENERATED_TOKENS" of its input with a line of JSON, and ends with its input.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { PassReport, PassRequest } from "./pass.ts";

type RunPass = (request: PassRequest) => Promise<PassReport>;

export async function servePasses(runPass: RunPass): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [seed = 0, promptTokens = 0, generatedTokens = 0] = line.split(" ").map(Number);
    const report = await runPass({ seed, promptTokens, generatedTokens });
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

/** Processor time of this process so far, all its threads. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * The most memory this process had. Where Linux does not say, `getrusage` does, which counts whoever
 * started the process too.
 */
export function peakMiB(): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return Math.round(Number(kib) / 1024);
  } catch {
    return Math.round(process.resourceUsage().maxRSS / 1024);
  }
}

/**
 * Times an engine that takes one token and gives the likeliest next: `first` computes the prompt,
 * `next` one further token.
 */
export async function timedPass(
  { promptTokens, generatedTokens }: PassRequest,
  tokens: () => number,
  engine: {
    readonly first: (prompt: number[]) => Promise<number>;
    readonly next: (token: number) => Promise<number>;
  },
): Promise<PassReport> {
  const prompt = Array.from({ length: promptTokens }, tokens);
  const cpuBegin = cpuMs();
  const begin = performance.now();
  const choice = await engine.first(prompt);
  const prefillMs = performance.now() - begin;
  const cpuPrefilled = cpuMs();
  const tokenMs: number[] = [];
  for (let index = 0; index < generatedTokens; index++) {
    const token = tokens();
    const tokenBegin = performance.now();
    await engine.next(token);
    tokenMs.push(performance.now() - tokenBegin);
  }
  const decodeCpuMs = cpuMs() - cpuPrefilled;
  return {
    prefillMs,
    tokenMs,
    prefillCpuMs: cpuPrefilled - cpuBegin,
    decodeCpuMs,
    peakMiB: peakMiB(),
    choice,
  };
}
