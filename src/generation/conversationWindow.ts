/** What of a conversation fits into the context: all of it, or by request what is left of it. */
import { SluiceError } from "../support/errors.ts";
import type { ChatMessage } from "../text/chatTemplate.ts";

/** Where fewer than this share of the context is free for the answer, turns are dropped... */
const leastFreeShare = 1 / 4;
/** ...until this share is. The gap spares computing the whole rest anew for every question. */
const wantedFreeShare = 1 / 2;

export interface WindowOptions {
  /** Tokens the context holds. */
  readonly capacity: number;
  /** Whether the oldest turns may be dropped. */
  readonly shift: boolean;
  /** Tokens that messages become in a prompt. */
  readonly countTokens: (messages: readonly ChatMessage[]) => number;
}

/**
 * The messages to compute with, the last of them being the question. With `shift`, once less than a
 * quarter of the context is free, the oldest turns after the system prompt go until half of it is,
 * or until only the question is left.
 *
 * @throws SluiceError `context-full` when what must stay does not fit
 */
export function fitConversation(
  messages: readonly ChatMessage[],
  { capacity, shift, countTokens }: WindowOptions,
): readonly ChatMessage[] {
  let kept = messages;
  let tokens = countTokens(kept);
  if (shift && tokens > capacity * (1 - leastFreeShare)) {
    while (tokens > capacity * (1 - wantedFreeShare)) {
      const fewer = withoutOldestTurn(kept);
      if (fewer === undefined) break;
      kept = fewer;
      tokens = countTokens(kept);
    }
  }
  if (tokens <= capacity) return kept;
  const advice = shift
    ? "even without its older turns; ask something shorter or open the model with a longer context"
    : "start a new one, let it shift (drop its oldest turns) or open the model with a longer context";
  throw new SluiceError(
    "context-full",
    `the conversation takes ${tokens} tokens, more than the context of ${capacity}: ${advice}`,
  );
}

/** A turn goes from a question to the next one. `undefined` if there is only the last. */
function withoutOldestTurn(messages: readonly ChatMessage[]): readonly ChatMessage[] | undefined {
  const first = messages[0]?.role === "system" ? 1 : 0;
  const next = messages.findIndex(({ role }, index) => index > first && role === "user");
  if (next === -1) return undefined;
  return [...messages.slice(0, first), ...messages.slice(next)];
}
