/**
 * Jinja templates from files nobody has looked at: @huggingface/jinja parses and renders them, but
 * within limits. Without these a template of one line computes for ever (two nested loops, a macro
 * that calls itself twice) or fills the memory (`range(1e9)`, a text doubled forty times).
 *
 * Two limits work together. A budget counts what the template does; it ends most such templates
 * soon, and at the same point on every machine. What one step of the library does with sound values
 * is not counted (parsing alone takes quadratic time on a megabyte of line ends), so that a time
 * limit stands behind it: V8 interrupts code that runs under `node:vm`, in the middle of a loop.
 */
import { createContext, Script } from "node:vm";
import { Environment, Interpreter, Template } from "@huggingface/jinja";

export interface TemplateLimits {
  /** For parsing, and again for each rendering. */
  readonly milliseconds: number;
  /** Length of any one text, the rendered one included, and of any list. */
  readonly valueLength: number;
  /** Budget of a rendering; see `BoundedInterpreter` for what costs how much. */
  readonly work: number;
}

/**
 * Four million characters are more than a million tokens; templates in use take about a hundredth
 * of the work for a conversation of a thousand messages.
 */
export const templateLimits: TemplateLimits = {
  milliseconds: 5000,
  valueLength: 2 ** 22,
  work: 2 ** 26,
};

/** More numbers than `range` gives out at once. */
const rangeLimit = 100_000;

export class BoundedTemplate {
  readonly #program: unknown;
  readonly #limits: TemplateLimits;

  /** Throws an `Error` with the library's reason, or that of a limit. So does `render`. */
  constructor(text: string, limits: TemplateLimits = templateLimits) {
    this.#limits = limits;
    this.#program = withinTime(limits.milliseconds, () => new Template(text).parsed as unknown);
  }

  /** The text of the template, with `variables` besides the library's own. */
  render(variables: Readonly<Record<string, unknown>>): string {
    return withinTime(this.#limits.milliseconds, () => {
      const environment = new Environment();
      for (const [name, value] of Object.entries({ ...globals, ...variables })) {
        environment.set(name, value);
      }
      const interpreter = new BoundedInterpreter(environment, this.#limits);
      return String(interpreter.run(this.#program).value);
    });
  }
}

/** The part of the library's interpreter that is used here; its declarations do not resolve. */
interface LibraryInterpreter {
  run(program: unknown): RuntimeValue;
  /** All of a rendering goes through it: statements, expressions, and those inside them. */
  evaluate(node: Node | undefined, scope: Environment): RuntimeValue;
}
interface Node {
  readonly type: string;
  /** Of a `For`; a filtered one has the list in its `lhs`. */
  readonly iterable?: Node;
  readonly lhs?: Node;
}
interface RuntimeValue {
  readonly value: unknown;
}
const LibraryInterpreter = Interpreter as new (global: Environment) => LibraryInterpreter;

/**
 * What a rendering pays for: 32 for each statement and expression, 64 for each turn of a loop, and
 * for what is made 1 a character and 16 a list item.
 */
class BoundedInterpreter extends LibraryInterpreter {
  readonly #limits: TemplateLimits;
  #work = 0;
  /** What the loop that is about to start goes through. */
  #iterable: Node | undefined;

  constructor(environment: Environment, limits: TemplateLimits) {
    super(environment);
    this.#limits = limits;
  }

  override evaluate(node: Node | undefined, scope: Environment): RuntimeValue {
    this.#charge(32);
    const isIterable = node !== undefined && node === this.#iterable;
    this.#iterable = node?.type === "For" ? (node.iterable?.lhs ?? node.iterable) : undefined;
    const result = super.evaluate(node, scope);
    const { value } = result;
    if (isIterable) this.#charge(64 * itemCount(value));
    // Reading a variable makes nothing new: a template may look at a long list again and again.
    if (node?.type === "Identifier" || node?.type === "MemberExpression") return result;
    if (typeof value === "string") this.#charge(this.#length(value));
    else if (Array.isArray(value)) this.#charge(16 * this.#length(value));
    return result;
  }

  #length({ length }: { readonly length: number }): number {
    const { valueLength } = this.#limits;
    if (length > valueLength) throw new Error(`it makes a value longer than ${valueLength}`);
    return length;
  }

  #charge(work: number): void {
    this.#work += work;
    if (this.#work > this.#limits.work)
      throw new Error("it does more work than any conversation needs; does it loop for ever?");
  }
}

function itemCount(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 0;
}

/** What every template may use: the library's globals, with a bounded `range`. */
const globals: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  raise_exception: (message: string) => {
    throw new Error(message);
  },
  range: boundedRange,
  strftime_now: (format: string) => formatDate(new Date(), format),
};

/** Python's `range`. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= rangeLimit)) throw new Error(`range() of more than ${rangeLimit} numbers`);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

/** The part of Python's `strftime` that templates use to tell the model the date, in English. */
function formatDate(date: Date, format: string): string {
  const part = (options: Intl.DateTimeFormatOptions) => date.toLocaleString("en-US", options);
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  const parts: Readonly<Record<string, () => string>> = {
    "%Y": () => String(date.getFullYear()),
    "%m": () => twoDigits(date.getMonth() + 1),
    "%d": () => twoDigits(date.getDate()),
    "%b": () => part({ month: "short" }),
    "%B": () => part({ month: "long" }),
    "%H": () => twoDigits(date.getHours()),
    "%M": () => twoDigits(date.getMinutes()),
    "%%": () => "%",
  };
  return format.replace(/%[YmdbBHM%]/g, (name) => parts[name]?.() ?? name);
}

const stage = createContext({ work: (): unknown => undefined });
const call = new Script("work()");

/** Runs synchronous code, ours and any that it calls, for at most so long. */
function withinTime<T>(milliseconds: number, work: () => T): T {
  let result: T | undefined;
  stage["work"] = () => {
    result = work();
  };
  try {
    call.runInContext(stage, { timeout: milliseconds });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw new Error(`it takes longer than ${milliseconds} ms`, { cause: error });
  }
  return result as T;
}

/** Without `instanceof`: the error is one of the stage's realm. */
function isTimeout(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
