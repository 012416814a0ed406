/** Checks of the numbers that callers hand to the policy layer: refused at the door, by name. */
import { OptionError } from "../support/errors.ts";

/** `value` if it is a whole number of at least `minimum`; an {@link OptionError} otherwise. */
export function requireCount(name: string, value: number, minimum = 0): number {
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  throw new OptionError(`${name} must be a whole number of at least ${minimum}, not ${value}`);
}

/** `value` if it is a finite number of at least `minimum`; an {@link OptionError} otherwise. */
export function requireAmount(name: string, value: number, minimum = 0): number {
  if (Number.isFinite(value) && value >= minimum) return value;
  throw new OptionError(`${name} must be a number of at least ${minimum}, not ${value}`);
}

/** `value` if 0 < `value` <= 1; an {@link OptionError} otherwise. */
export function requireShare(name: string, value: number): number {
  if (value > 0 && value <= 1) return value;
  throw new OptionError(`${name} must lie in (0, 1], not ${value}`);
}
