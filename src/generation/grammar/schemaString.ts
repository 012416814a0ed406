/** Strings: by length, pattern or format. */
import { type CharacterSet, characterSet, charactersOf, complement } from "./characterSet.ts";
import type { FlatSchema } from "./flatSchema.ts";
import { repeatText } from "./gbnfText.ts";
import type { GrammarWriter } from "./grammarWriter.ts";
import { schemaError } from "./schemaKeywords.ts";
import { patternText } from "./schemaPattern.ts";

/** What may stand in a JSON string as it is. */
export const plainCharacters: CharacterSet = complement(
  characterSet([...charactersOf('"\\'), [0, 0x1f]]),
);

/** Longer strings than a grammar may count need not be written. */
const LONGEST = 100_000;

const formats: Readonly<Record<string, (writer: GrammarWriter) => string>> = {
  date: (writer) => writer.json("date"),
  time: (writer) => writer.json("time"),
  "date-time": (writer) => `${writer.json("date")} "T" ${writer.json("time")}`,
  uuid: (writer) => writer.json("uuid"),
};

/** The strings of a schema, in quotes. */
export function stringText(flat: FlatSchema, path: string, writer: GrammarWriter): string {
  return `"\\"" ${contentText(flat, path, writer)} "\\""`;
}

function contentText(flat: FlatSchema, path: string, writer: GrammarWriter): string {
  const given = ["pattern", "format", "minLength", "maxLength"].filter((word) => word in flat);
  const { pattern, format, minLength: least = 0, maxLength: most = Infinity } = flat;
  if (given.length > 1 && (pattern !== undefined || format !== undefined))
    throw schemaError(path, `"${given[0]}" and "${given[1]}" are not supported together`);
  if (pattern !== undefined) return patternText(pattern, path, writer);
  if (format !== undefined) {
    const known = Object.hasOwn(formats, format) ? formats[format] : undefined;
    if (known !== undefined) return known(writer);
    const names = Object.keys(formats).join(", ");
    throw schemaError(path, `the format "${format}" is not supported; these are: ${names}`);
  }
  if (most < least) throw schemaError(path, `"minLength" ${least} is above "maxLength" ${most}`);
  if (least > LONGEST) throw schemaError(path, `"minLength" may be ${LONGEST} at most`);
  return repeatText(writer.json("char"), least, most === Infinity ? most : Math.min(most, LONGEST));
}
