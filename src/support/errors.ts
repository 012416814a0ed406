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
  | "file-unreadable"
  | "file-unwritable"
  | "out-of-memory"
  | "context-full"
  | "busy"
  | "bad-conversation"
  | "bad-number"
  | "thread-failed"
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
