/** Options that are set by environment variables as well. A flag beats the variable. */
import { type Command, Option } from "commander";

/** What a switch may be set to: on, off. */
const switchWords = [
  ["1", "0"],
  ["true", "false"],
  ["on", "off"],
  ["yes", "no"],
  ["enabled", "disabled"],
] as const;

/** `undefined` for what is no such word, and for nothing. */
export function readSwitch(text: string): boolean | undefined {
  const word = text.toLowerCase();
  const pair = switchWords.find((words) => words.some((known) => known === word));
  return pair === undefined ? undefined : word === pair[0];
}

export interface SwitchOption {
  readonly flags: string;
  readonly help: string;
  readonly variable: string;
}

/**
 * Adds an option without a value. Commander takes whatever its variable holds for "on", "0" too, so
 * the variable is read here.
 */
export function addSwitch(command: Command, { flags, help, variable }: SwitchOption): void {
  const option = new Option(flags, help).env(variable);
  const name = option.attributeName();
  command.addOption(option).hook("preAction", (_, action) => {
    if (action.getOptionValueSource(name) !== "env") return;
    const text = process.env[variable] ?? "";
    const value = readSwitch(text);
    if (value === undefined) {
      const known = switchWords.map((words) => words.join("/")).join(", ");
      action.error(`error: ${variable} is '${text}'; it may be ${known}`);
    }
    action.setOptionValueWithSource(name, value, "env");
  });
}
