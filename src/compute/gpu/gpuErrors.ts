/** Why there is no GPU to use, and what can happen to one that is in use. */
import { SluiceError } from "../../support/errors.ts";

/** What stands between a program and a GPU. */
export type GpuAbsence =
  | "package-missing"
  | "platform-not-built"
  | "addon-broken"
  | "loader-missing"
  | "driver-missing"
  | "driver-too-old"
  | "adapter-missing"
  | "only-cpu-adapters"
  | "probe-failed";

/** No GPU can be used. The message is one line: what is missing, and what would mend it. */
export class GpuUnavailableError extends SluiceError {
  override readonly name = "GpuUnavailableError";
  readonly reason: GpuAbsence;

  constructor(reason: GpuAbsence, message: string, options?: ErrorOptions) {
    super("gpu-unavailable", message, options);
    this.reason = reason;
  }
}

export type GpuFailureCode = "gpu-lost" | "gpu-out-of-memory" | "gpu-error";

/**
 * A GPU in use failed: it is gone (`gpu-lost`), a buffer does not fit (`gpu-out-of-memory`; the
 * device goes on), or it refused a command (`gpu-error`; what it has computed since is void).
 */
export class GpuFailureError extends SluiceError {
  override readonly name = "GpuFailureError";
  /** The device it happened on. */
  readonly device: string;

  constructor(code: GpuFailureCode, device: string, what: string, options?: ErrorOptions) {
    super(code, `${device}: ${what}`, options);
    this.device = device;
  }
}
