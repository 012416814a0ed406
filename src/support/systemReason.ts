/** Why the system refused something, for one line of an error message. */
import { getSystemErrorMessage } from "node:util";

/** The system's words, without the name of the call and its arguments. */
export function systemReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { errno, message } = cause as NodeJS.ErrnoException;
  return errno === undefined ? message : getSystemErrorMessage(errno);
}
