/** `sluice trace`: what routers did, and what other policies would have made of it. */
import type { Command } from "commander";
import { addTraceCompareCommand } from "./trace/compare.ts";
import { addTraceConvertCommand } from "./trace/convert.ts";
import { addTraceInfoCommand } from "./trace/info.ts";
import { addTraceReportCommand } from "./trace/report.ts";
import { addTraceSynthCommand } from "./trace/synth.ts";

export function addTraceCommand(program: Command): void {
  const group = program
    .command("trace")
    .summary("look into routing traces, replay them through policies")
    .description(
      "Works on traces of what routers asked for: recorded with --record, imported or made up.",
    );
  group.addHelpText(
    "after",
    `
Examples:
  $ sluice run --record run.trace
  $ sluice trace info run.trace`,
  );
  addTraceInfoCommand(group);
  addTraceCompareCommand(group);
  addTraceReportCommand(group);
  addTraceConvertCommand(group);
  addTraceSynthCommand(group);
}
