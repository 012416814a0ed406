/** A policy on the command line, with its parameters. */
import { InvalidArgumentError } from "commander";
import { checkPolicySpec, policyEntry } from "../policy/registry.ts";
import { SluiceError } from "../support/errors.ts";

/** A parser for Commander: what is wrong is known before a model is opened. */
export function policySpec(text: string): string {
  try {
    checkPolicySpec(text);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const { message } = error;
    throw new InvalidArgumentError(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  }
  if (!policyEntry(text).traits.needsFuture) return text;
  throw new InvalidArgumentError("It must be told the future, which only a simulation can.");
}
