/**
 * The heat that outlives a run: which experts were used how often. Read before, written after, so that
 * the next start fills its slots with those that will be asked for.
 */
import { open } from "node:fs/promises";
import type { LanguageModel } from "../generation/languageModel.ts";
import type { AccessProfile } from "../policy/profile.ts";
import { loadProfile, saveProfile } from "../policy/profileRecord.ts";
import { BadProfileError, OptionError, SluiceError } from "../support/errors.ts";
import { systemReason } from "../support/systemReason.ts";

export interface Heat {
  readonly path: string;
  readonly profile: AccessProfile;
  /** Name of the model whose experts were counted, if the file says so. */
  readonly model: string | undefined;
}

/** The largest profile that can be read has some 60 MB. */
const mostBytes = 2 ** 28;

/**
 * @returns `undefined` if there is no such file yet
 * @throws SluiceError `file-unreadable`; `bad-profile` if it is anything but a whole profile
 */
export async function readHeat(path: string): Promise<Heat | undefined> {
  const text = await textOf(path);
  if (text === undefined) return undefined;
  try {
    const value = parsed(text);
    const { model } = value as { readonly model?: unknown };
    const profile = loadProfile(value);
    return { path, profile, model: typeof model === "string" ? model : undefined };
  } catch (error) {
    throw badHeat(path, error);
  }
}

/** What is wrong with the profile, with the file that it is of; any other error as it is. */
export function badHeat(path: string, error: unknown): unknown {
  const isOfAnotherModel = error instanceof OptionError && error.message.startsWith("the profile ");
  if (!(error instanceof BadProfileError || isOfAnotherModel)) return error;
  return new SluiceError("bad-profile", `${path}: ${error.message}`, { cause: error });
}

/** What `readHeat` reads: the profile's own record, and the model's name. */
export function heatText({ name, profile }: LanguageModel): string {
  return `${JSON.stringify({ model: name, ...saveProfile(profile) })}\n`;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    if ((await file.stat()).size > mostBytes) throw new Error("it is too large for a profile");
    return await file.readFile("utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SluiceError("file-unreadable", `cannot read ${path}: ${systemReason(cause)}`, {
      cause,
    });
  }
}

function parsed(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadProfileError("the text is not JSON", { cause });
  }
  return Object(value) as object;
}
