import * as fc from "fast-check";
import { join } from "node:path";
import { slotOffsetMs } from "#aggregator/rules/group_slots.ts";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import type { HostSeries } from "#test/support/node_hosts.ts";
import { randomRules, sampleValues } from "./random_rules.ts";

export const fastMs = 2_000;
export const slowMs = 6_000;
/** Generated samples, one for each evaluation of a fast group; the rules over them give results as long as these last. */
export const fastSamples = 22;
/** Slow groups are evaluated so often before the restart. */
export const slowRounds = 10;
/** Groups whose data are read this much later by Lapwing; Debian's Prometheus has no query_offset. */
export const queryOffsetMs = 4_000;
export const graceMs = 2_000;
/** As far as samples reach. */
const lastSecond = 120;

export type LiveGroup = {
  readonly name: string;
  readonly offsetMs: number;
  readonly theirs: object;
  readonly ours: object;
};

export type LiveScenario = {
  readonly groups: readonly LiveGroup[];
  /** Their samples begin at `startMs`, a whole second. */
  readonly series: (startMs: number) => readonly HostSeries[];
};

type Rule = { readonly expr: string } & Readonly<Record<string, unknown>>;

/** Rules and samples from a seed, for a Prometheus and a Lapwing whose files of rules are in `folder`. */
export function liveScenario(seed: number, folder: string): LiveScenario {
  const columns = fc.sample(
    fc.array(sampleValues, { minLength: fastSamples, maxLength: fastSamples }),
    { seed, numRuns: 3 },
  );
  const groups = ["A", "B", "C", "D"].map((prefix, i) => {
    const traits = { prefix, times: ["0s", "2s", "4s", "6s"], range: "7s" };
    const [rules = []] = fc.sample(randomRules(traits), { seed: seed + i, numRuns: 1 });
    return fast(prefix, rules.map(whileOpen));
  });
  return {
    groups: [...groups, fast("L", limited, { limit: 2 }), delayed(), slow()].map((group) =>
      named(group, folder),
    ),
    series: (startMs) => [
      ...columns.map((values, i) =>
        seriesOf(startMs, { __name__: "x", host: "abc"[i] ?? "" }, values, fastMs),
      ),
      seriesOf(startMs, { __name__: "gate" }, [...ones(1, fastSamples), "stale"], fastMs),
      seriesOf(startMs, { __name__: "y", of: "all" }, ones(0, lastSecond)),
      seriesOf(startMs, { __name__: "y", of: "ended" }, [...ones(0, 20), "stale"]),
      seriesOf(startMs, { __name__: "y", of: "begun" }, ones(58, lastSecond)),
      seriesOf(startMs, { __name__: "y", of: "again" }, [
        ...ones(0, 12),
        "stale",
        ...ones(2, lastSecond),
      ]),
    ],
  };
}

/** Seconds before `from` have no sample. */
function ones(from: number, to: number): string[] {
  return Array.from({ length: to }, (_, second) => (second < from ? "_" : "1"));
}

/** A rule that gives nothing before the samples begin and after they end, so that both servers know all that came before. */
function whileOpen<Given extends Rule>(rule: Given): Given {
  const vector = rule.expr.startsWith("scalar(") ? `vector(${rule.expr})` : rule.expr;
  return { ...rule, expr: `(${vector}) and on() gate` };
}

type Draft = {
  readonly name: string;
  readonly intervalMs: number;
  readonly rules: readonly object[];
  readonly limit?: number;
  readonly oursOnly?: object;
};

function fast(name: string, rules: readonly Rule[], more: { readonly limit?: number } = {}): Draft {
  return { name, intervalMs: fastMs, rules: [...rules, evaluated(name)], ...more };
}

/** When the group was evaluated. */
function evaluated(name: string): Rule {
  return { record: `${name}r:evaluated`, expr: "gate" };
}

const limited: readonly Rule[] = [
  { record: "Lr:x", expr: "x" },
  { alert: "LMany", expr: "x > 0", for: "4s" },
  { alert: "LRecorded", expr: "count by (host) (Lr:x) > 0", keep_firing_for: "4s" },
].map(whileOpen);

function delayed(): Draft {
  const rules = [
    { record: "Or:x", expr: "2 * x" },
    {
      alert: "OHigh",
      expr: "x > 1",
      for: "4s",
      keep_firing_for: "4s",
      labels: { of: "{{ $labels.host }}" },
      annotations: {
        summary: "{{ $value }} of {{ $labels.host }} in {{ $externalLabels.region }}",
      },
    },
    { alert: "ONone", expr: 'absent(x{host="b"})' },
  ];
  const oursOnly = { query_offset: `${queryOffsetMs}ms` };
  return { ...fast("O", rules.map(whileOpen)), oursOnly };
}

/** Rules over a restart: Prometheus restores only those with a `for` of at least the grace period. */
function slow(): Draft {
  const held = ((slowRounds - 1) * slowMs) / 1_000;
  const rules = [
    { alert: "SShort", expr: "y" },
    { alert: "SFiring", expr: "y", for: "20s", annotations: { summary: "{{ $labels.of }}" } },
    { alert: "SNearly", expr: "y", for: `${held + 1}s` },
    { alert: "SPending", expr: "y", for: "10m" },
    { record: "Sr:y", expr: "sum(y)" },
    { alert: "SOfRecord", expr: "Sr:y > 0", for: "20s", labels: { severity: "page" } },
  ];
  return { name: "S", intervalMs: slowMs, rules };
}

/**
 * A name for which both servers evaluate the group at the same times, and not where samples lie: releases of Prometheus before 3 take one on
 * the left edge of a window.
 */
function named(
  { name: prefix, intervalMs, rules, limit, oursOnly }: Draft,
  folder: string,
): LiveGroup {
  for (let i = 0; ; i++) {
    const name = `${prefix}${i}`;
    const offsetMs = slotOffsetMs({ file: fileOf(folder, "ours"), name, intervalMs });
    const beside = Math.abs((offsetMs % 500) - 250);
    if (beside > 150 || offsetMs !== debianOffsetMs(fileOf(folder, "theirs"), name, intervalMs))
      continue;
    const theirs = {
      name,
      interval: `${intervalMs}ms`,
      ...(limit !== undefined && { limit }),
      rules,
    };
    return { name, offsetMs, theirs, ours: { ...theirs, ...oursOnly } };
  }
}

export function fileOf(folder: string, whose: "theirs" | "ours"): string {
  return join(folder, `${whose}.rules.yaml`);
}

/** Debian builds Prometheus with another form of labels, and so another hash (model/labels/labels.go of 2.42). */
function debianOffsetMs(file: string, name: string, intervalMs: number): number {
  const bytes = ["file", file, "name", name].flatMap((text) => [Buffer.from(text), Buffer.of(255)]);
  const hash = Bun.hash.xxHash64(Buffer.concat(bytes));
  return Number((hash % (BigInt(intervalMs) * 1_000_000n)) / 1_000_000n);
}

function seriesOf(
  startMs: number,
  labels: HostSeries["labels"],
  column: readonly string[],
  everyMs = 1_000,
): HostSeries {
  const held = column.flatMap((text, place) => (text === "_" ? [] : [{ text, place }]));
  const values = Float64Array.from(held, ({ text }) => (text === "stale" ? 0 : Number(text)));
  for (const [i, { text }] of held.entries()) if (text === "stale") setStale(wordsOf(values), i);
  return {
    labels,
    timestampsMs: Float64Array.from(held, ({ place }) => startMs + everyMs * place),
    values,
  };
}
