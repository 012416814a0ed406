/**
 * A conversation as JSON text. The format is ours.
 *
 * ```json
 * { "format": "sluice-conversation", "version": 1,
 *   "messages": [{ "role": "user", "content": "Hello" }, { "role": "assistant", "content": "Hi." }] }
 * ```
 * A system prompt, if any, comes first; then questions and answers in turn. Keys and values of the
 * model are not kept: any model can go on with it, and computes it anew.
 */
import { BadConversationError } from "../support/errors.ts";
import type { ChatMessage } from "../text/chatTemplate.ts";

const FORMAT = "sluice-conversation";
const VERSION = 1;

/** The messages as text that {@link readConversation} takes back. */
export function writeConversation(messages: readonly ChatMessage[]): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, messages }, null, 2)}\n`;
}

/**
 * The messages of a saved conversation. Nothing in it is believed before it is checked.
 *
 * @throws BadConversationError that names the first part that is wrong
 */
export function readConversation(text: string): readonly ChatMessage[] {
  const { format, version, messages } = recordOf(parsed(text), "the whole");
  if (format !== FORMAT) {
    throw new BadConversationError(`"format" must be "${FORMAT}"; is this another file?`);
  }
  if (version !== VERSION) {
    throw new BadConversationError(
      `version ${shown(version)} is not known here; this reads version ${VERSION}`,
    );
  }
  if (!Array.isArray(messages)) {
    throw new BadConversationError(`"messages" must be a list, not ${shown(messages)}`);
  }
  const read = messages.map((value: unknown, index) => messageOf(value, `message ${index}`));
  checkOrder(read);
  return read;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadConversationError("the text is not JSON", { cause });
  }
}

function messageOf(value: unknown, name: string): ChatMessage {
  const { role, content } = recordOf(value, name);
  if (typeof role === "string" && typeof content === "string") return { role, content };
  const [key, found] = typeof role === "string" ? ["content", content] : ["role", role];
  throw new BadConversationError(`"${key}" of ${name} must be a text, not ${shown(found)}`);
}

/** Chat templates rely on it: at most one system prompt, then question and answer by turns. */
function checkOrder(messages: readonly ChatMessage[]): void {
  const first = messages[0]?.role === "system" ? 1 : 0;
  for (const [index, { role }] of messages.entries()) {
    if (index < first) continue;
    const expected = (index - first) % 2 === 0 ? "user" : "assistant";
    if (role === expected) continue;
    throw new BadConversationError(
      `message ${index} is of the role ${shown(role)}, "${expected}" expected`,
    );
  }
  if ((messages.length - first) % 2 !== 0) {
    throw new BadConversationError("the last question has no answer");
  }
}

function recordOf(value: unknown, name: string): Keys {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new BadConversationError(`${name} must be an object, not ${shown(value)}`);
}

/** The keys asked for above; each may be absent or hold anything. */
interface Keys {
  readonly format?: unknown;
  readonly version?: unknown;
  readonly messages?: unknown;
  readonly role?: unknown;
  readonly content?: unknown;
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? "absent";
}
