import { OperatingError, messageOf } from "#shared/errors.ts";
import { type SampleSink, gauge, untyped } from "../../collect/samples/family.ts";
import { ExposedBody, ExposedSeries } from "../exposed_series.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { type ProgramEnd, runProgram } from "../run_program.ts";
import type { ScriptsConfig } from "./config.ts";
import { readNagiosOutput } from "./nagios_output.ts";

const success = gauge(
  "script_success",
  "Whether the script ended with 0, in time, with output of its form.",
  ["script"],
);
const duration = gauge("script_duration_seconds", "Time that the script took.", ["script"]);
const exitCode = gauge(
  "script_exit_code",
  "How the script ended; -1 where it did not end by itself, or could not be run.",
  ["script"],
);

const dataLabels = ["script", "label", "unit"];
const dataValue = untyped(
  "script_perfdata_value",
  "A figure of the plugin's performance data, in base units.",
  dataLabels,
);
const dataLimits = {
  warning: gauge("script_perfdata_warning", "Above it the plugin warns.", dataLabels),
  critical: gauge("script_perfdata_critical", "Above it the plugin says critical.", dataLabels),
  min: gauge("script_perfdata_min", "The smallest value that can be.", dataLabels),
  max: gauge("script_perfdata_max", "The largest value that can be.", dataLabels),
} as const;

const limitKeys = ["warning", "critical", "min", "max"] as const;

/** Left of a tick's time for taking what the script wrote. */
const reserveMs = 250;
const reasonCharsMax = 200;
const perfDataMax = 1_000;

/** A script that fails is no failure of the tick: `up` says that it is run, script_success how. */
export const openScript: OpenInstance<ScriptsConfig> = (options, { clock, timeoutMs }) => {
  const { name } = options;
  const series = new ExposedSeries();
  const body = new ExposedBody(series);
  const forScriptMs = Math.max(timeoutMs / 2, timeoutMs - reserveMs);
  return {
    async collect(sink, tick) {
      const startMs = clock.monotonic();
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), forScriptMs);
      let code = -1;
      let isWell = false;
      try {
        const signal = AbortSignal.any([tick.signal, timeout.signal]);
        const end = await runProgram(orderOf(options, forScriptMs, clock.now(), signal));
        ({ code } = end);
        sink.add(duration, (clock.monotonic() - startMs) / 1_000, name);
        isWell = code === 0;
        series.begin();
        take(end, options, body, sink, tick);
      } catch (thrown) {
        isWell = false;
        if (code === -1) sink.add(duration, (clock.monotonic() - startMs) / 1_000, name);
        tick.degraded(messageOf(thrown));
      } finally {
        clearTimeout(timer);
      }
      sink.add(exitCode, code, name);
      sink.add(success, isWell ? 1 : 0, name);
    },
  };
};

function orderOf(options: ScriptsConfig, forScriptMs: number, nowMs: number, signal: AbortSignal) {
  const { command, env, working_directory, output_size_max } = options;
  return {
    command,
    // Names and meaning as script_exporter gives them: seconds, and Unix seconds.
    env: {
      SCRIPT_TIMEOUT: String(forScriptMs / 1_000),
      SCRIPT_DEADLINE: String((nowMs + forScriptMs) / 1_000),
      ...env,
    },
    workingDirectory: working_directory,
    outputBytesMax: output_size_max,
    signal,
  };
}

/** Throws OperatingError where the output is not of the form that was promised. */
function take(
  { code, stdout, stderr }: ProgramEnd,
  { name, output }: ScriptsConfig,
  body: ExposedBody,
  sink: SampleSink,
  tick: Tick,
): void {
  if (output === "nagios") {
    const text = takeNagios(Buffer.from(stdout).toString(), name, sink, tick);
    if (code !== 0) tick.degraded(`ended with ${code}: ${text}`);
    return;
  }
  if (code !== 0) {
    const [line = ""] = stderr.trim().split("\n");
    tick.degraded(`ended with ${code}${line === "" ? "" : `: ${line.slice(0, reasonCharsMax)}`}`);
  }
  if (output === "ignore") return;
  body.read(stdout);
  const refused = body.addTo(sink);
  if (refused > 0)
    throw new OperatingError(
      "bad_request",
      `${refused} samples whose name or labels can't be taken, or that came twice`,
    );
}

/** The plugin's own words. */
function takeNagios(output: string, name: string, sink: SampleSink, tick: Tick): string {
  const { text, data, malformed } = readNagiosOutput(output);
  const seen = new Set<string>();
  for (const { label, unit, value, ...limits } of data.slice(0, perfDataMax)) {
    if (seen.has(label)) continue;
    seen.add(label);
    sink.add(dataValue, value, name, label, unit);
    for (const key of limitKeys) {
      const limit = limits[key];
      if (limit !== undefined) sink.add(dataLimits[key], limit, name, label, unit);
    }
  }
  const lost = data.length - seen.size + malformed;
  if (lost > 0) tick.degraded(`${lost} pieces of performance data are malformed, or one too many`);
  return text.slice(0, reasonCharsMax);
}
