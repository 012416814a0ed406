/** Runs the probe in a process of its own, and puts into words why it found nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Absence, ProbeReport } from "./probeReport.ts";

/** How the probe ended. */
export interface ProbeEnd {
  readonly stdout: string;
  /** Where Dawn and the Vulkan loader explain themselves. */
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

/** Some drivers compile shaders of their own when they are first opened; a sound one takes 0.2 s. */
const probeSeconds = 30;

/** `gpuProbe.ts` beside this source, `gpuProbe.js` beside the built one. */
const probeFile = fileURLToPath(new URL(`./gpuProbe${extname(import.meta.url)}`, import.meta.url));

export async function runProbe(): Promise<ProbeReport> {
  const child = spawn(process.execPath, [probeFile], { stdio: ["ignore", "pipe", "pipe"] });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, probeSeconds * 1000);
  try {
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    return reportOf({ stdout, stderr, code, signal, timedOut });
  } catch (error) {
    return failed(`the probe for GPUs cannot be started: ${String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** What a probe that ended so has found. */
export function reportOf(end: ProbeEnd): ProbeReport {
  if (end.timedOut) return failed(`no GPU driver answered within ${probeSeconds} s`);
  // Programs that crash end by a signal, or on Windows with its number for the fault.
  if (end.signal !== null || (end.code ?? 0) >= 128) {
    return failed(`the GPU driver crashed when it was tried (${end.signal ?? end.code})`);
  }
  const report = readReport(end.stdout);
  if (report === undefined || end.code !== 0) {
    return failed(`the probe for GPUs gave no answer (exit code ${end.code})`);
  }
  return { ...report, absence: report.absence ?? absenceIn(end.stderr, report) };
}

function readReport(stdout: string): ProbeReport | undefined {
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  return line.startsWith("{") ? (JSON.parse(line) as ProbeReport) : undefined;
}

function failed(message: string): ProbeReport {
  return { adapters: [], broken: [], absence: { reason: "probe-failed", message } };
}

/** Variables that tell the Vulkan loader where drivers are, instead of where they usually are. */
const driverVariables = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

function absenceIn(stderr: string, { adapters, broken }: ProbeReport): Absence | undefined {
  // A driver that is too old is passed over; others may still serve.
  const lacking = /^Warning: (?:.*: )?(Vulkan .* required|.*driver is unsupported.*?)\.?$/m.exec(
    stderr,
  );
  if (lacking !== null) {
    const message = `a GPU's driver is too old for WebGPU (${lacking[1]}); a newer driver mends it`;
    return { reason: "driver-too-old", message };
  }
  if (adapters.length + broken.length > 0) return undefined;
  if (/Couldn't load Vulkan/.test(stderr)) {
    const mend = '"apt install libvulkan1" or "dnf install vulkan-loader" brings it';
    return { reason: "loader-missing", message: `the Vulkan loader is not installed; ${mend}` };
  }
  if (/Found no drivers|INCOMPATIBLE_DRIVER/.test(stderr)) {
    const variable = driverVariables.find((name) => process.env[name]);
    const message =
      variable === undefined
        ? "no GPU driver with Vulkan is installed"
        : `no GPU driver can be loaded from where ${variable} points`;
    return { reason: "driver-missing", message };
  }
  return { reason: "adapter-missing", message: "there is no GPU" };
}
