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
  for (const [, names = "", from = ""] of list.matchAll(
    /^export (?:type )?\{([^}]*)\} from "([^"]+)";/gm,
  )) {
    const source = readFileSync(join(dirname(entry), from.replace(/\.[jt]s$/, ".d.ts")), "utf8");
    for (const name of names.split(",")) {
      declarations.push(declarationOf(source, name.trim().replace(/^type /, ""), from));
    }
  }
  return `${declarations.toSorted().join("\n\n")}\n`;
}

/** One exported declaration, without its comments. */
function declarationOf(source: string, name: string, from: string): string {
  const lines = source.split("\n");
  const start = lines.findIndex((line) =>
    new RegExp(
      `^export (declare )?(abstract )?(function|class|interface|type|const) ${name}\\b`,
    ).test(line),
  );
  if (start === -1) {
    const again = new RegExp(`\\b${name}\\b[^}]*\\} from "([^"]+)"`).exec(source)?.[1];
    return `// ${name} from ${again ?? from}`;
  }
  const end = lines.findIndex(
    (line, index) => index >= start && /^\}|^[^ ].*;$|^ *\};$/.test(line) && !/^ /.test(line),
  );
  const overloads = lines.slice(start, end + 1).join("\n");
  return overloads.replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "");
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
