/** Pieces of HTML; text from traces goes through {@link escaped} and nothing else. */

/** Finished HTML, so that plain text cannot be put in its place by mistake. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Builds HTML: what is put in is escaped unless it is HTML itself; lists are joined.
 *
 *     html`<h1>${model}</h1>`
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const [first = "", ...rest] = parts;
  return new Html(first + rest.map((part, index) => asHtml(values[index]!) + part).join(""));
}

export type HtmlValue = string | number | Html | readonly HtmlValue[];

/** The same text where HTML expects text or an attribute's value, without control characters. */
export function escaped(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** A table; cells of the columns after the first are numbers, and stand to the right. */
export function table(head: readonly HtmlValue[], rows: readonly (readonly HtmlValue[])[]): Html {
  return html`<div class="scroll"><table>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...rest]) =>
      html`<tr><th scope="row">${first ?? ""}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
  )}</tbody>
</table></div>`;
}

function asHtml(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number") return String(value);
  return value.map(asHtml).join("");
}
