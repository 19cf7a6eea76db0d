import { parse } from "yaml";
import { ProbeModule } from "#agent/probes/module.ts";
import { type AddressGuard, checkGuard } from "#agent/probes/net/address_guard.ts";
import { runProbe } from "#agent/probes/run_probe.ts";
import { systemClock } from "#shared/runtime/clock.ts";

export type Probed = {
  readonly isGood: boolean;
  readonly isForbidden: boolean;
  /** Samples by name and labels, as the text format has them. */
  readonly samples: ReadonlyMap<string, number>;
  readonly reason: string;
  readonly notes: string;
};

/** Probes a target once by a module that is written as in blackbox.yml. */
export async function probe(
  module: string,
  target: string,
  options: {
    readonly guard?: AddressGuard;
    readonly timeoutMs?: number;
    readonly hostname?: string;
  } = {},
): Promise<Probed> {
  const { guard = checkGuard([]), timeoutMs = 5_000, hostname } = options;
  const { isGood, isForbidden, gauges, notes } = await runProbe({
    module: ProbeModule.parse(parse(module)),
    target,
    timeoutMs,
    guard,
    clock: systemClock,
    ...(hostname === undefined ? {} : { hostname }),
  });
  const samples = samplesOf(gauges.text());
  return { isGood, isForbidden, samples, reason: notes.reason, notes: notes.text() };
}

/** Samples of the text format by name and labels. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}
