/** Many policies at many capacities, on all cores. */
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Piscina } from "piscina";
import { requireAmount, requireCount } from "../../policy/requireNumber.ts";
import { OptionError, SluiceError } from "../../support/errors.ts";
import type { RoutingTrace } from "../routingTrace.ts";
import { type Capacity, type PlacedCapacity, placeCapacity, type SlotPooling } from "./capacity.ts";
import { type CompareRow, compareRow } from "./compareRow.ts";
import type { CompareAnswer, CompareShare, CompareTask } from "./compareWorker.ts";
import { accessesFor, checkReplays, type ReplayManner } from "./replay.ts";
import type { ReplayCounts } from "./replayRule.ts";

export interface CompareOptions extends ReplayManner {
  readonly policies: readonly string[];
  readonly capacities: readonly Capacity[];
  /** @default "one" */
  readonly pooling?: SlotPooling;
  /** Link speed in GB/s (10^9), for the stall. @default none */
  readonly linkGBps?: number;
}

export interface CompareRun {
  /** @default one per processor */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after every replay. */
  readonly onProgress?: (progress: CompareProgress) => void;
  /** The module whose default export plays. @default compareWorker.ts; tests plant faulty ones */
  readonly workerFile?: URL;
}

export interface CompareProgress {
  /** Replays done, and all of them, those of the optimum included. */
  readonly done: number;
  readonly total: number;
}

/** `compareWorker.ts` beside this source, `.js` beside the built one. */
const ownWorkerFile = new URL(`./compareWorker${extname(import.meta.url)}`, import.meta.url);

/**
 * Replays a trace through every policy at every capacity: a row each, capacity by capacity, policies
 * in the order given. The same rows for any number of threads.
 *
 * @throws OptionError for what cannot be replayed, before anything is; SluiceError `aborted`, or of
 *   the code of the first replay that failed, which it names
 */
export async function compareTrace(
  trace: RoutingTrace,
  options: CompareOptions,
  run: CompareRun = {},
): Promise<CompareRow[]> {
  const { policies, capacities, pooling, linkGBps, ...manner } = options;
  if (linkGBps !== undefined) requireAmount("linkGBps", linkGBps, Number.MIN_VALUE);
  const placed = capacities.map((capacity) => placeCapacity(trace.header, capacity, pooling));
  checkReplays(trace, policies, placed, manner);

  // The optima first: they take long, and every row waits for one of them.
  const tasks = [
    ...placed.map((capacity): CompareTask => ({ policy: undefined, capacity })),
    ...placed.flatMap((capacity) => policies.map((policy): CompareTask => ({ policy, capacity }))),
  ];
  const accesses = accessesFor(trace, manner);
  const share: CompareShare = { trace: trace.transferable(), accesses, manner };
  const counts = await playAll(tasks, share, run);
  const optima = new Map(placed.map((capacity, index) => [capacity, counts[index]!]));
  return tasks.slice(placed.length).map(({ policy, capacity }, index) =>
    compareRow({
      ...{ policy: policy!, capacity, linkGBps, predictor: manner.predictor },
      counts: counts[placed.length + index]!,
      optimum: optima.get(capacity)!,
    }),
  );
}

async function playAll(
  tasks: readonly CompareTask[],
  share: CompareShare,
  run: CompareRun,
): Promise<ReplayCounts[]> {
  const { signal, onProgress } = run;
  const threads = requireCount("threads", run.threads ?? availableParallelism(), 1);
  if (tasks.length === 0) return [];
  const workers = Math.min(threads, tasks.length);
  const pool = new Piscina<CompareTask, CompareAnswer>({
    filename: (run.workerFile ?? ownWorkerFile).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    atomics: "disabled",
    workerData: share,
  });
  let done = 0;
  const play = async (task: CompareTask): Promise<ReplayCounts> => {
    const answer = await pool.run(task, { signal: signal ?? null });
    if ("failure" in answer) {
      const { code, message } = answer.failure;
      throw failureOf(task, code, message);
    }
    done++;
    onProgress?.({ done, total: tasks.length });
    return answer.counts;
  };
  try {
    return await Promise.all(
      tasks.map((task) =>
        play(task).catch((cause: unknown) => {
          throw asSluiceError(task, cause, signal);
        }),
      ),
    );
  } finally {
    // What still runs or waits has lost its purpose: after the first failure, or an abort. An answer
    // that comes meanwhile is nobody's any more, which Piscina would take for an error.
    pool.on("error", () => {});
    await pool.destroy();
  }
}

function asSluiceError(task: CompareTask, cause: unknown, signal?: AbortSignal): SluiceError {
  if (cause instanceof SluiceError) return cause;
  if (signal?.aborted) return new SluiceError("aborted", "the comparison was cancelled", { cause });
  const why = cause instanceof Error ? cause.message : String(cause);
  return failureOf(task, "thread-failed", why, cause);
}

function failureOf(
  { policy = "belady", capacity }: { policy?: string | undefined; capacity: PlacedCapacity },
  code: SluiceError["code"],
  reason: string,
  cause?: unknown,
): SluiceError {
  const message = `${policy} with ${capacity.slots} slots: ${reason}`;
  return code === "bad-option"
    ? new OptionError(message)
    : new SluiceError(code, message, { cause });
}
