/** What went wrong, for callers that react to a kind of failure rather than to its text. */
export type ErrorCode =
  | "bad-gguf"
  | "missing-metadata"
  | "missing-tensor"
  | "unsupported-architecture"
  | "unsupported-format"
  | "unsupported-tokenizer"
  | "unsupported-template"
  | "bad-option"
  | "policy-misuse"
  | "bad-profile"
  | "bad-trace"
  | "file-unreadable"
  | "file-unwritable"
  | "out-of-memory"
  | "disk-stalled"
  | "context-full"
  | "busy"
  | "bad-conversation"
  | "bad-number"
  | "thread-failed"
  | "gpu-unavailable"
  | "gpu-lost"
  | "gpu-out-of-memory"
  | "gpu-error"
  | "aborted"
  | "closed";

/** Every error this package throws on purpose. Anything else that escapes is a bug. */
export class SluiceError extends Error {
  override readonly name: string = "SluiceError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A GGUF file that breaks the format's rules: says where, and what would be right. */
export class BadGgufError extends SluiceError {
  override readonly name = "BadGgufError";
  readonly file: string;
  /** Byte offset of the fault in the file, where one is known. */
  readonly offset: number | undefined;

  constructor(file: string, reason: string, options: ErrorOptions & { offset?: number } = {}) {
    const place = options.offset === undefined ? "" : ` at byte ${options.offset}`;
    super("bad-gguf", `${file}${place}: ${reason}`, options);
    this.file = file;
    this.offset = options.offset;
  }
}

/** A metadata key that the model family needs is absent or holds another kind of value. */
export class MissingMetadataError extends SluiceError {
  override readonly name = "MissingMetadataError";
  readonly key: string;

  constructor(file: string, key: string, expected: string, found?: string) {
    super(
      "missing-metadata",
      found === undefined
        ? `${file} has no metadata key "${key}" (${expected} expected)`
        : `${file}: metadata key "${key}" holds ${found}, ${expected} expected`,
    );
    this.key = key;
  }
}

export class MissingTensorError extends SluiceError {
  override readonly name = "MissingTensorError";
  readonly tensor: string;

  constructor(file: string, tensor: string) {
    super(
      "missing-tensor",
      `${file} has no tensor "${tensor}"; was it converted for this architecture?`,
    );
    this.tensor = tensor;
  }
}

/** An option outside what it may be. The command line answers it with exit code 2. */
export class OptionError extends SluiceError {
  override readonly name = "OptionError";

  constructor(message: string) {
    super("bad-option", message);
  }
}

/** A saved access profile that cannot be read: says which part, and what would be right. */
export class BadProfileError extends SluiceError {
  override readonly name = "BadProfileError";

  constructor(reason: string, options?: ErrorOptions) {
    super("bad-profile", `access profile: ${reason}`, options);
  }
}

/** Where a trace is damaged, as far as it is known. */
export interface TraceFault extends ErrorOptions {
  readonly file?: string;
  /** Byte offset in the file, unpacked if the whole file was packed. */
  readonly offset?: number;
  /** How many records before the fault are whole; they can be saved. */
  readonly goodRecords?: number;
}

/** A routing trace that cannot be read, or a record that contradicts its trace's header. */
export class BadTraceError extends SluiceError {
  override readonly name = "BadTraceError";
  readonly file: string | undefined;
  readonly offset: number | undefined;
  readonly goodRecords: number | undefined;

  constructor(reason: string, fault: TraceFault = {}) {
    const { file, offset, goodRecords } = fault;
    const place = `${file ?? "routing trace"}${offset === undefined ? "" : ` at byte ${offset}`}`;
    super("bad-trace", `${place}: ${reason}${whatIsLeft(file, goodRecords)}`, fault);
    this.file = file;
    this.offset = offset;
    this.goodRecords = goodRecords;
  }
}

function whatIsLeft(file: string | undefined, goodRecords: number | undefined): string {
  if (goodRecords === undefined) return "";
  if (goodRecords === 0) return "; no record before it is whole";
  const records = goodRecords === 1 ? "record" : "records";
  const mend =
    file === undefined ? "" : ` ("sluice trace convert ${file} OUT --salvage" keeps them)`;
  return `; ${goodRecords} good ${records} before it, the last is number ${goodRecords - 1}${mend}`;
}

/** A saved conversation that cannot be read: says which part, and what would be right. */
export class BadConversationError extends SluiceError {
  override readonly name = "BadConversationError";

  constructor(reason: string, options?: ErrorOptions) {
    super("bad-conversation", `conversation: ${reason}`, options);
  }
}

/** A policy was asked for what would break its own books: a mistake of the calling code. */
export class PolicyMisuseError extends SluiceError {
  override readonly name = "PolicyMisuseError";

  constructor(message: string) {
    super("policy-misuse", message);
  }
}
