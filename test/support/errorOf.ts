/** The error of a promise that must fail on purpose: `code: message`. Others are rethrown. */
import { SluiceError } from "../../src/support/errors.ts";

export async function errorOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (outcome instanceof SluiceError) return `${outcome.code}: ${outcome.message}`;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}
