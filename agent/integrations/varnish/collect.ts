import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { OpenInstance } from "../integration.ts";
import { runProgram } from "../run_program.ts";
import type { VarnishConfig } from "./config.ts";
import { type NamedCounter, namedCounter } from "./counter_name.ts";

const version = gauge("varnish_version", "1, with Varnish's version.", [
  "major",
  "minor",
  "patch",
  "revision",
  "version",
]);
const backendUp = gauge("varnish_backend_up", "Whether the last probe of a backend succeeded.", [
  "backend",
  "server",
]);
/** Some 150 bytes of each counter, twenty of each backend. */
const outputBytesMax = 16 * 1_024 * 1_024;
/** Names of backends change with each reload of the VCL. */
const namedMax = 20_000;

const Counter = z.object({
  description: z.string().default(""),
  flag: z.string().default("g"),
  ident: z.string().optional(),
  value: z.number(),
});
/** Since 6.5 the counters have a key of their own; before, they stand beside "timestamp". */
const Answer = z.record(z.string(), z.unknown());

export const openVarnish: OpenInstance<VarnishConfig> = ({ name, command }) => {
  const instance = name === undefined ? [] : ["-n", name];
  const named = new Map<string, NamedCounter>();
  let versionLabels: readonly string[] | undefined;
  const run = async (args: readonly string[], signal: AbortSignal): Promise<string> => {
    const { code, stdout, stderr } = await runProgram({
      command: [command, ...args],
      outputBytesMax,
      signal,
    });
    const text = Buffer.from(stdout).toString("utf8");
    // "-V" tells the version on standard error.
    if (code === 0) return text === "" ? stderr : text;
    const [reason = ""] = `${stderr}\n${text}`.trim().split("\n");
    throw new OperatingError("unavailable", `varnishstat: ${reason.slice(0, 200)}`);
  };
  const nameOf = (key: string, { flag, description, ident }: z.output<typeof Counter>) => {
    let found = named.get(key);
    if (found === undefined) {
      if (named.size >= namedMax) named.clear();
      found = namedCounter(key, flag, description, ident);
      named.set(key, found);
    }
    return found;
  };
  return {
    async collect(sink, { signal }) {
      // Without "-t 0" it would wait for a varnishd that is not there.
      const text = await run([...instance, "-j", "-t", "0"], signal);
      addCounters(sink, text, nameOf);
      versionLabels ??= readVersion(await run(["-V"], signal));
      sink.add(version, 1, ...versionLabels);
    },
  };
};

type NameOf = (key: string, counter: z.output<typeof Counter>) => NamedCounter;

function addCounters(sink: SampleSink, text: string, nameOf: NameOf): void {
  const root = Answer.parse(parsed(text));
  const counters = root.counters === undefined ? root : Answer.parse(root.counters);
  const reload = newestReload(Object.keys(counters));
  const probes = lastProbes(text);
  /** Backends of two VCLs may have one name; the first is told. */
  const told = new Set<string>();
  for (const [key, raw] of Object.entries(counters)) {
    if (reload !== undefined && key.startsWith("VBE.") && !key.startsWith(reload)) continue;
    const counter = Counter.safeParse(raw);
    if (!counter.success) continue;
    const { family, labels } = nameOf(key, counter.data);
    const series = [family.name, ...labels].join("\n");
    if (told.has(series)) continue;
    told.add(series);
    sink.add(family, counter.data.value, ...labels);
    if (family.name === "varnish_backend_happy")
      sink.add(backendUp, probes.get(key) === true ? 1 : 0, ...labels);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const shown = JSON.stringify(text.trimStart().slice(0, 80));
    throw new OperatingError("corrupt", `expected JSON of varnishstat, got ${shown}`);
  }
}

/** Backends of a VCL that was replaced are still told while its requests end: "VBE.reload_20260102_030405_123" is the newest. */
function newestReload(keys: readonly string[]): string | undefined {
  const reloads = keys
    .filter((key) => key.startsWith("VBE.reload_") && key.endsWith(".happy"))
    .map((key) => /^VBE\.reload_[^.]*\./.exec(key)?.[0] ?? "");
  return reloads.toSorted((a, b) => (a < b ? -1 : 1)).at(-1);
}

/** Whether the newest of the last 64 probes succeeded: the lowest bit of a number too large for a float, so its last digit is odd. */
function lastProbes(text: string): Map<string, boolean> {
  const found = new Map<string, boolean>();
  const happy = /"(VBE\.[^"]*\.happy)"\s*:\s*\{[^{}]*?"value"\s*:\s*(\d+)/g;
  for (const [, key = "", value = ""] of text.matchAll(happy))
    found.set(key, /[13579]$/.test(value));
  return found;
}

/** "varnishstat (varnish-7.1.1 revision 7cee1c58...)". */
function readVersion(text: string): readonly string[] {
  const [, major = "", minor = "", patch = ""] = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text) ?? [];
  const [, revision = ""] = /revision\s([0-9a-f]*)\)/.exec(text) ?? [];
  const whole = [major, minor, patch].filter((part) => part !== "").join(".");
  return [major, minor, patch, revision, whole];
}
