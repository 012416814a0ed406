/**
 * The activations of a batch: handles over the workspace, and like it a stack. Handles of memory that
 * has been given back are used again, so a token, which asks for the same as the one before it, makes
 * none.
 */
import { CpuHidden } from "./cpuTensors.ts";
import type { Workspace } from "./workspace.ts";

export class Activations {
  readonly #workspace: Workspace;
  readonly #handles: CpuHidden[] = [];
  /** Of each handle, the workspace's mark before it. */
  readonly #marks: number[] = [];
  /** Handles that were in use when the last was asked for. */
  #count = 0;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** New activations, uninitialised; good until the workspace goes back to a mark before them. */
  allocate(tokens: number, width: number): CpuHidden {
    const { mark } = this.#workspace;
    while (this.#count > 0 && (this.#marks[this.#count - 1] as number) >= mark) this.#count--;
    const address = this.#workspace.allocate(tokens * width * 4);
    const index = this.#count++;
    this.#marks[index] = mark;
    const known = this.#handles[index];
    if (known === undefined) {
      const handle = new CpuHidden(address, tokens, width);
      this.#handles.push(handle);
      return handle;
    }
    known.set(address, tokens, width);
    return known;
  }
}
