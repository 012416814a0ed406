/** Text from a file in a message: damaged headers hold names of a megabyte. */

/** In quotation marks, cut after 60 characters. */
export function quoted(text: string): string {
  return text.length <= 60 ? `"${text}"` : `"${text.slice(0, 60)}…"`;
}
