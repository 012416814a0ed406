/**
 * Decides which jobs share a round. A verb appends its job and returns; a job that needs what the
 * round under way is still to compute ends that round first, unless it can be chained: a job that
 * goes row by row over what the latest chain of jobs left row by row is done by the same thread on
 * the same rows, right after them. So queries, keys and values are one round, and a sum, its norm
 * and the encoding of that are one.
 *
 * Only `Rows` are watched. Memory that is given back, or that JavaScript writes, must not be in use:
 * `finishAll` before.
 */
import type { Rows } from "./cpuTensors.ts";
import { JobList } from "./jobList.ts";
import type { JobKind } from "./jobs/job.ts";

export class Schedule {
  readonly jobs: JobList = new JobList();
  readonly #run: (jobs: JobList) => void;

  /** @param run computes a round and clears the list */
  constructor(run: (jobs: JobList) => void) {
    this.#run = run;
  }

  /** Numbers the rounds, from 1. */
  get round(): number {
    return this.jobs.round;
  }

  /** Makes sure that `rows` have been computed. */
  finish(rows: Rows): void {
    if (this.#isWritten(rows)) this.finishAll();
  }

  /** Makes sure that all jobs have been done. */
  finishAll(): void {
    if (this.jobs.jobCount > 0) this.#run(this.jobs);
  }

  /**
   * Appends a job of which item i reads and writes row i of some rows, and nothing else that a job
   * of this round writes.
   *
   * @param second further rows it reads; `first` if there are none
   * @param target rows it writes, perhaps in place
   */
  addByRow<P>(
    kind: JobKind<P>,
    workPerRow: number,
    first: Rows,
    second: Rows,
    target: Rows | undefined,
    arena: number = 0,
  ): P {
    const { jobs } = this;
    const isFree = !this.#isWritten(first) && !this.#isWritten(second) && !this.#isUsed(target);
    const isChained = !isFree && this.#endsInChain(first, second, target);
    if (!(isFree || isChained)) this.finishAll();
    const parameters = isChained
      ? jobs.chain(kind, workPerRow, arena)
      : this.add(kind, first.tokens, workPerRow, arena);
    this.#note(first, jobs.head);
    this.#note(second, jobs.head);
    if (target !== undefined) this.#noteWritten(target, jobs.head);
    return parameters;
  }

  /**
   * Appends a job of any other kind. What it reads must have been computed (`finish`); tell of the
   * rows it touches with `noteRead` and `noteWritten`, after this call.
   */
  add<P>(kind: JobKind<P>, items: number, workPerItem: number, arena: number = 0): P {
    if (this.jobs.isFull) this.finishAll();
    return this.jobs.add(kind, items, workPerItem, arena);
  }

  noteRead(rows: Rows): void {
    this.#note(rows, -1);
  }

  noteWritten(rows: Rows): void {
    this.#noteWritten(rows, -1);
  }

  #isWritten(rows: Rows): boolean {
    return rows.writtenIn === this.round;
  }

  #isUsed(rows: Rows | undefined): boolean {
    return rows?.usedIn === this.round;
  }

  /** Whether all that these wait for is done by the latest chain, row by row. */
  #endsInChain(first: Rows, second: Rows, target: Rows | undefined): boolean {
    const { jobs } = this;
    const { head } = jobs;
    if (head === -1 || jobs.isFull) return false;
    return (
      (!this.#isWritten(first) || first.usedBy === head) &&
      (!this.#isWritten(second) || second.usedBy === head) &&
      (target === undefined || !this.#isUsed(target) || target.usedBy === head)
    );
  }

  #note(rows: Rows, chain: number): void {
    rows.usedBy = this.#isUsed(rows) && rows.usedBy !== chain ? -1 : chain;
    rows.usedIn = this.round;
  }

  #noteWritten(rows: Rows, chain: number): void {
    this.#note(rows, chain);
    rows.writtenIn = this.round;
  }
}
