/**
 * Watches a device: what nobody waited for and still went wrong is remembered, and whoever waits for
 * a device that is gone is told.
 */
import { setImmediate } from "node:timers/promises";
import { publish } from "../../support/events.ts";
import { type GpuFailureCode, GpuFailureError } from "./gpuErrors.ts";

/** Events a device has of its own accord. */
type Kind = "opened" | "closed" | "lost" | "out-of-memory" | "error";

export class DeviceWatch {
  /** Resolves when the device is gone: lost, or closed. */
  readonly lost: Promise<GpuFailureError>;
  readonly #label: string;
  /** End the waits under way. */
  readonly #waiting = new Set<(reason: GpuFailureError) => void>();
  #failure: GpuFailureError | undefined;
  #gone: GpuFailureError | undefined;
  #closing = false;

  constructor(device: GPUDevice, label: string) {
    this.#label = label;
    // An exception in the handler would end the process. Prevented, Dawn does not print the error.
    device.onuncapturederror = (event) => {
      event.preventDefault();
      this.#failure ??= this.refusal(event.error);
    };
    this.lost = device.lost.then((info) => {
      // Dawn keeps a handler, and all that it refers to, also of a device that is gone.
      device.onuncapturederror = null;
      return this.#onLost(info);
    });
    const { vendor, architecture } = device.adapterInfo;
    this.#tell("opened", [vendor, architecture].filter(Boolean).join(" "));
  }

  get isLost(): boolean {
    return this.#gone !== undefined;
  }

  /** The first failure that nobody waited for. */
  get failure(): GpuFailureError | undefined {
    return this.#failure ?? this.#gone;
  }

  /** The end of the device is wanted. */
  expectEnd(): void {
    this.#closing = true;
  }

  /** A failure that Dawn tells, as an error of ours; published, not remembered. */
  refusal(error: GPUError): GpuFailureError {
    // Dawn adds lines that begin with a dash: what it was doing.
    const reason = error.message
      .trim()
      .split(/\s*\n[\s-]*/)
      .join("; ");
    return error.constructor.name === "GPUOutOfMemoryError"
      ? this.newFailure("gpu-out-of-memory", `out of memory: ${reason}`, error)
      : this.newFailure("gpu-error", `a command was refused: ${reason}`, error);
  }

  newFailure(code: GpuFailureCode, what: string, cause?: unknown): GpuFailureError {
    this.#tell(
      code === "gpu-error" ? "error" : code === "gpu-lost" ? "lost" : "out-of-memory",
      what,
    );
    return new GpuFailureError(code, this.#label, what, { cause });
  }

  /**
   * The same promise, except that it rejects when the device is gone, even if Dawn forgets it. (A
   * race with `lost` would leave a reaction on that promise for every wait of a long run.)
   */
  async unlessLost<T>(promise: Promise<T>): Promise<T> {
    let leave: (reason: GpuFailureError) => void = () => {};
    const gone = new Promise<never>((_, reject) => {
      leave = reject;
    });
    if (this.#gone === undefined) this.#waiting.add(leave);
    else leave(this.#gone);
    try {
      return await Promise.race([promise, gone]);
    } catch (error) {
      throw await this.#asFailure(error);
    } finally {
      this.#waiting.delete(leave);
    }
  }

  async #asFailure(error: unknown): Promise<GpuFailureError> {
    if (error instanceof GpuFailureError) return error;
    // Of a device that fails by itself, a wait may be rejected before `lost` is told.
    await setImmediate();
    return this.failure ?? this.newFailure("gpu-error", `it gave up: ${String(error)}`, error);
  }

  #onLost({ reason, message }: GPUDeviceLostInfo): GpuFailureError {
    const closed = this.#closing;
    const what = closed
      ? "the device was closed"
      : `the device was lost (${reason}: ${message.split("\n", 1)[0]})`;
    if (closed) this.#tell("closed", what);
    this.#gone = closed
      ? new GpuFailureError("gpu-lost", this.#label, what)
      : this.newFailure("gpu-lost", what);
    for (const leave of this.#waiting) leave(this.#gone);
    this.#waiting.clear();
    return this.#gone;
  }

  #tell(kind: Kind, message: string): void {
    publish("sluice:gpu", () => ({ device: this.#label, kind, message }));
  }
}
