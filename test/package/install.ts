/**
 * `npm run test:package`: packs the built package, installs it into an empty project and uses it as
 * a stranger would: the command, every entry point, and its types by the compiler.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "sluice-package-"));

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function expectText(what: string, found: string, expected: string): void {
  if (!found.includes(expected))
    throw new Error(`${what}: "${expected}" expected, found: ${found.slice(0, 400)}`);
  console.log(`ok  ${what}`);
}

try {
  run("npm", ["pack", "--silent", "--pack-destination", scratch], root);
  const { version, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const project = join(scratch, "project");
  run("mkdir", [project], scratch);
  writeFileSync(join(project, "package.json"), '{ "name": "stranger", "type": "module" }');
  run(
    "npm",
    ["install", "--silent", "--no-audit", "--no-fund", join(scratch, `sluice-${version}.tgz`)],
    project,
  );

  const bin = join(project, "node_modules/sluice/dist/cli/bin.js");
  expectText("sluice --version", run(process.execPath, [bin, "--version"], project), version);
  const answer = run(process.execPath, [bin, "run", "--no-map"], project);
  expectText("sluice run", answer, "A mixture of experts is a model");

  for (const entry of Object.keys(exports).filter((name) => !name.endsWith(".json"))) {
    const name = entry.replace(/^\./, "sluice");
    const code = `import * as all from "${name}"; console.log(Object.keys(all).length > 0)`;
    // The conformance kit brings the caller's own test library.
    if (name.endsWith("/testing")) continue;
    expectText(
      `import "${name}"`,
      run(process.execPath, ["--input-type=module", "-e", code], project),
      "true",
    );
  }

  const example = readFileSync(join(root, "examples/generate.ts"), "utf8");
  writeFileSync(join(project, "generate.ts"), example);
  expectText("examples/generate.ts", run(process.execPath, ["generate.ts"], project), "tokens");

  const options = [
    "--module",
    "nodenext",
    "--target",
    "es2024",
    "--lib",
    "esnext,dom",
    "--strict",
    "--noEmit",
  ];
  const types = [
    "--skipLibCheck",
    "--types",
    "node",
    "--typeRoots",
    join(root, "node_modules/@types"),
  ];
  run(join(root, "node_modules/.bin/tsc"), [...options, ...types, "generate.ts"], project);
  console.log("ok  its types");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
