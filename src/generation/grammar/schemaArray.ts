/** Arrays: items in their order, between the least and the most there may be. */
import type { FlatSchema } from "./flatSchema.ts";
import { repeatText } from "./gbnfText.ts";
import type { GrammarWriter } from "./grammarWriter.ts";
import { schemaError } from "./schemaKeywords.ts";

/**
 * The arrays of a schema. Where it lists items by position and says nothing of further ones, these
 * are only written if `minItems` asks for them.
 *
 * @returns undefined if there can be none
 */
export function arrayText(
  flat: FlatSchema,
  path: string,
  writer: GrammarWriter,
): string | undefined {
  const { prefixItems = [], minItems: least = 0, maxItems: most = Infinity } = flat;
  if (most < least) throw schemaError(path, `"minItems" ${least} is above "maxItems" ${most}`);
  const gap = writer.json("gap");

  const leading: string[] = [];
  let isClosed = false; // by an item that cannot be: the array must end in front of it
  for (const [index, schema] of prefixItems.slice(0, most).entries()) {
    const item = writer.values(schema, `${path}/prefixItems/${index}`);
    isClosed = item === undefined;
    if (item === undefined) break;
    leading.push(item);
  }
  const isListOnly = prefixItems.length > 0 && flat.items === undefined && least <= leading.length;
  const further =
    isClosed || isListOnly || leading.length >= most
      ? undefined
      : writer.values(flat.items ?? true, `${path}/items`);

  // From the end: what may follow once the items in front are written.
  const rest = (index: number): string => {
    if (index < leading.length) {
      const own = `${index === 0 ? "" : '"," '}${gap} ${leading[index]} ${rest(index + 1)}`.trim();
      return index < least ? own : `(${own})?`;
    }
    if (further === undefined) return "";
    const [fewest, greatest] = [Math.max(least - index, 0), most - index];
    if (index > 0) return repeatText(`("," ${gap} ${further})`, fewest, greatest);
    const more = repeatText(`("," ${gap} ${further})`, Math.max(fewest - 1, 0), greatest - 1);
    return fewest > 0 ? `${gap} ${further} ${more}` : `(${gap} ${further} ${more})?`;
  };
  const possible = further === undefined ? leading.length : Infinity;
  return possible < least ? undefined : `"[" ${rest(0)} ${gap} "]"`.replace(/ {2,}/g, " ");
}
