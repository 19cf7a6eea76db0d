import { afterAll, beforeAll, expect, test } from "bun:test";
import { HostMetricsConfig, collectorOptions } from "#agent/collect/sources/host_metrics/config.ts";
import { hostCollector } from "#agent/collect/sources/host_metrics/host_collector.ts";
import type { HostTick } from "#agent/collect/sources/host_metrics/host_collector.ts";
import { collectors } from "#agent/collect/sources/host_metrics/registry.ts";
import type { Labels } from "#shared/model/labels.ts";
import { labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import { systemClock } from "#shared/runtime/clock.ts";

// The host collector beside the real node_exporter on this machine. A reading of node_exporter is taken between two of ours:
// what stays or only grows lies between them. What goes up and down gets several rounds.

const program = Bun.which("prometheus-node-exporter") ?? Bun.which("node_exporter");
const isSkipped = process.platform !== "linux" || program === null;
const percentMin = 97;
const roundsMax = 12;

/** Distance beyond the bracket that is allowed where the two programs themselves disturb what is measured. */
const allowances: readonly (readonly [name: RegExp, allowance: number])[] = [
  [/^node_procs_(running|blocked)$|^node_disk_io_now$/, 64],
  [/^node_sockstat_|^node_netstat_Tcp_CurrEstab$|^node_nf_conntrack_entries$/, 64],
  [/^node_filefd_allocated$/, 512],
  [/^node_load/, 0.5],
];

type Sample = { readonly labels: Labels; readonly value: number };
let exporter: Awaited<ReturnType<typeof startExporter>> | undefined;

if (isSkipped) console.warn("skipped: needs Linux and an installed prometheus-node-exporter");
beforeAll(async () => {
  if (!isSkipped) exporter = await startExporter();
});
afterAll(async () => {
  exporter?.process.kill();
  await exporter?.drained;
});

test.skipIf(isSkipped)("host_metrics has node_exporter's metric names", async () => {
  const { theirs, after } = await bracket();
  const names = new Set([...theirs.values()].map(nameOf));
  const ours = new Set([...after.values()].map(nameOf));
  const missing = [...names].filter((name) => !ours.has(name)).toSorted();
  const percent = 100 * (1 - missing.length / names.size);
  expect(names.size).toBeGreaterThan(100);
  if (percent < percentMin) console.error(`${percent.toFixed(1)} % of names; missing:`, missing);
  expect(percent).toBeGreaterThanOrEqual(percentMin);
});

test.skipIf(isSkipped)("host_metrics has the same series under those names", async () => {
  const { theirs, after } = await bracket();
  const comparable = new Set([...theirs.values()].filter(isComparable).map(nameOf));
  const names = new Set([...after.values()].map(nameOf));
  const inBoth = (samples: Map<string, Sample>) =>
    [...samples]
      .filter(([, sample]) => isComparable(sample))
      .filter(([, sample]) => comparable.has(nameOf(sample)) && names.has(nameOf(sample)))
      .map(([key]) => key.replaceAll("\u00ff", " "))
      .toSorted();
  expect(inBoth(after)).toEqual(inBoth(theirs));
});

test.skipIf(isSkipped)("host_metrics has node_exporter's values", async () => {
  const unsettled = new Map<string, string>();
  const settled = new Set<string>();
  for (let round = 0; round < roundsMax && (round < 2 || unsettled.size > 0); round++) {
    const { before, theirs, after } = await bracket();
    for (const [key, sample] of theirs) {
      const [low, high] = [before.get(key), after.get(key)];
      if (settled.has(key) || low === undefined || high === undefined) continue;
      if (nameOf(sample) === "node_scrape_collector_duration_seconds") continue;
      const allowance = allowances.find(([name]) => name.test(nameOf(sample)))?.[1] ?? 0;
      const isBetween =
        sample.value >= Math.min(low.value, high.value) - allowance &&
        sample.value <= Math.max(low.value, high.value) + allowance;
      const shown = `${low.value} ${sample.value} ${high.value}`;
      if (!isBetween) unsettled.set(key, `${key.replaceAll("\u00ff", " ")}: ${shown}`);
      else if (unsettled.delete(key) || round === 0) settled.add(key);
    }
  }
  expect(settled.size).toBeGreaterThan(100);
  expect([...unsettled.values()]).toEqual([]);
});

const config = HostMetricsConfig.parse({});
const collect = hostCollector({
  // node_exporter has processes switched off by default: what is compared is what it has on.
  collectors: Object.values(collectors).filter(({ name }) => name !== "processes"),
  root: { proc: config.proc, sys: config.sys, rootfs: config.rootfs },
  options: collectorOptions(config),
  labels: {},
  seriesMax: config.series_max,
  clock: systemClock,
});

async function bracket() {
  const before = samplesOf(await collect(Date.now()));
  const response = await fetch(`${exporter?.url}/metrics`);
  const theirs = parseScrape(await response.text());
  const after = samplesOf(await collect(Date.now()));
  return { before, theirs, after };
}

function samplesOf({ schema, row }: HostTick): Map<string, Sample> {
  const words = wordsOf(row.values);
  const samples = new Map<string, Sample>();
  schema.series.forEach((labels, i) => {
    if (isAbsent(words, i) || isStale(words, i)) return;
    samples.set(labelsKey(labels), { labels, value: row.values[i] ?? Number.NaN });
  });
  return samples;
}

/** Lines of the text format, as far as node_exporter uses it; only its own names. */
function parseScrape(text: string): Map<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const line of text.split("\n")) {
    const parts = /^(node_\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (parts === null) continue;
    const labels: Record<string, string> = { [metricNameLabel]: parts[1] ?? "" };
    for (const pair of (parts[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      const value = (pair[2] ?? "").replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
      if (value !== "") labels[pair[1] ?? ""] = value;
    }
    samples.set(labelsKey(labels), { labels, value: Number(parts[3]) });
  }
  return samples;
}

/** Of the series about collectors themselves only those count that both programs have. */
function isComparable({ labels }: Sample): boolean {
  const theirsOnly =
    /^(bcache|btrfs|fibrechannel|infiniband|ipvs|nfsd?|systemd|tapestats|textfile|xfs|zfs)$/;
  const name = labels["collector"];
  return name === undefined || !(theirsOnly.test(name) || name === "watchdog");
}

function nameOf({ labels }: Sample): string {
  return labels[metricNameLabel] ?? "";
}

/** On a free port, which the program tells in its log; with the excludes of its makers, not of Debian. */
async function startExporter() {
  const child = Bun.spawn(
    [
      program ?? "",
      "--web.listen-address=127.0.0.1:0",
      "--collector.netdev.device-exclude=^$",
      `--collector.filesystem.mount-points-exclude=${HostMetricsConfig.parse({}).filesystem.mount_points_exclude.source}`,
      `--collector.filesystem.fs-types-exclude=${HostMetricsConfig.parse({}).filesystem.fs_types_exclude.source}`,
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const listening = Promise.withResolvers<string>();
  // Read to the end: the program dies of a closed pipe.
  const drained = (async () => {
    const decoder = new TextDecoder();
    let log = "";
    for await (const chunk of child.stderr) {
      log += decoder.decode(chunk, { stream: true });
      const address = /Listening on.*address=(\S+)/.exec(log)?.[1];
      if (address !== undefined) listening.resolve(`http://${address}`);
    }
    listening.reject(new Error(`node_exporter did not start: ${log}`));
  })();
  return { process: child, drained, url: await listening.promise };
}
