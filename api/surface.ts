/**
 * The public types, as text: what the package's entry points export, from the built declarations.
 * `npm run api` writes `*.d.txt` beside this file; `npm run api -- --check` fails when they differ,
 * so that a change of the interface is seen in review.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
/** `export { names } from "file"`, also of types. */
const reexports = /^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm;
const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

interface PackageJson {
  readonly exports: Readonly<Record<string, { readonly types: string } | string>>;
}

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as PackageJson;
let changed = false;
for (const [entry, target] of Object.entries(exports)) {
  if (typeof target === "string") continue;
  const file = join(
    root,
    "api",
    `${entry === "." ? "index" : entry.slice(2).replaceAll("/", "-")}.d.txt`,
  );
  const surface = surfaceOf(join(root, target.types));
  if (!values.check) writeFileSync(file, surface);
  else if (readOrEmpty(file) !== surface) {
    console.error(`${file} does not show what is exported now; run: npm run api`);
    changed = true;
  }
}
process.exitCode = changed ? 1 : 0;

function surfaceOf(entry: string): string {
  const list = readFileSync(entry, "utf8");
  const declarations: string[] = [];
  for (const [, names = "", from = ""] of list.matchAll(reexports)) {
    for (const name of names.split(",").map((text) => text.trim().replace(/^type /, ""))) {
      if (name !== "") declarations.push(declarationOf(name, declarationFile(entry, from)));
    }
  }
  return `${declarations.toSorted().join("\n\n")}\n`;
}

/** One exported declaration without its comments, wherever it is re-exported from. */
function declarationOf(name: string, file: string): string {
  const source = readFileSync(file, "utf8");
  const lines = source.split("\n");
  const opening = new RegExp(
    `^export (declare )?(abstract )?(function|class|interface|type|const) ${name}\\b`,
  );
  const start = lines.findIndex((line) => opening.test(line));
  if (start === -1) {
    const again = [...source.matchAll(reexports)].find(([, names = ""]) =>
      new RegExp(`(^|[\\s,])${name}(?=[\\s,]|$)`).test(names),
    );
    if (again === undefined) throw new Error(`${file} does not export ${name}`);
    return declarationOf(name, declarationFile(file, again[2] ?? ""));
  }
  const end = lines.findIndex((line, index) => index >= start && /^(\}|[^ ].*;$)/.test(line));
  return lines
    .slice(start, end + 1)
    .join("\n")
    .replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "");
}

function declarationFile(importer: string, from: string): string {
  return join(dirname(importer), from.replace(/\.[jt]s$/, ".d.ts"));
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
