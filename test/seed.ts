/**
 * Property tests try new cases on every run. With `PROPERTY_SEED` set, a whole number, every run tries
 * the same ones, so that a gate closes for what a change did and not for what chance found.
 */
import fc from "fast-check";

const { PROPERTY_SEED } = process.env;
if (PROPERTY_SEED !== undefined) {
  const seed = Number(PROPERTY_SEED);
  if (!Number.isInteger(seed)) throw new Error(`PROPERTY_SEED=${PROPERTY_SEED} is no whole number`);
  fc.configureGlobal({ seed });
}
