import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { alertmanagerProgram, startAlertmanager } from "#test/support/alertmanager.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { seededRandom } from "#test/support/random_promql.ts";
import type { Sequences } from "./notified.ts";
import { type RealRun, WebhookSink, runReally } from "./real_run.ts";
import { type Scenario, configOf, randomScenario } from "./scenario.ts";
import { type GroupShown, runVirtually } from "./virtual_run.ts";

/** A failure names it. */
const seed = Number(process.env["LAPWING_SEED"] ?? Date.now() % 1_000_000);
const scenariosCount = Number(process.env["LAPWING_SCENARIOS"] ?? 220);
const steps = 11;
/** Flushes are at least half a second away from steps: a run in which something was later than this says nothing. */
const lateMaxMs = 400;
const attempts = 3;

function scenariosOf(run: number): Scenario[] {
  return Array.from({ length: scenariosCount }, (_, i) =>
    randomScenario(`${i}`, seededRandom(seed + run * 100_000 + i), steps),
  );
}

type Run = RealRun & { readonly sink: WebhookSink };

async function runAlertmanager(scenarios: readonly Scenario[], folder: string): Promise<Run> {
  const sink = new WebhookSink();
  const config = configOf(scenarios, (receiver, i) => sink.urlOf(receiver, i));
  const running = await startAlertmanager(folder, config);
  try {
    return { ...(await runReally(running.url, scenarios)), sink };
  } finally {
    await running.stop();
    await sink.stop();
  }
}

async function runLapwing(scenarios: readonly Scenario[], folder: string): Promise<Run> {
  const sink = new WebhookSink();
  const file = join(folder, "lapwing_alertmanager.yml");
  writeFileSync(file, stringify(configOf(scenarios, (receiver, i) => sink.urlOf(receiver, i))));
  const running = await LapwingProcess.start({
    role: "up",
    name: "lapwing",
    folder,
    config: { data_dir: join(folder, "data"), sources: [], alertmanager: { config_file: file } },
  });
  try {
    return { ...(await runReally(running.url, scenarios)), sink };
  } finally {
    await running.end("SIGKILL");
    await sink.stop();
  }
}

test.skipIf(alertmanagerProgram === null)(
  `Lapwing and its pipeline in virtual time send what Debian's Alertmanager sends (LAPWING_SEED=${seed})`,
  async () => {
    for (let run = 0; run < attempts; run++) {
      const scenarios = scenariosOf(run);
      const virtual = await runVirtually(scenarios);
      const folder = mkdtempSync(join(tmpdir(), "lapwing-alertmanager-"));
      const [theirs, ours] = await Promise.all([
        runAlertmanager(scenarios, folder),
        runLapwing(scenarios, folder),
      ]).finally(() => rmSync(folder, { recursive: true, force: true }));
      const lateMs = Math.max(theirs.lateMs, ours.lateMs);
      console.log(
        `${scenarios.length} configurations from seed ${seed}, run ${run}: ${theirs.sink.received.length} notifications of Alertmanager, ${ours.sink.received.length} of Lapwing, at most ${lateMs} ms late`,
      );
      if (lateMs > lateMaxMs && run < attempts - 1) continue;
      expect([...theirs.sink.faults, ...ours.sink.faults]).toEqual([]);
      expect(theirs.sink.received.length).toBeGreaterThan(scenariosCount);
      const byAlertmanager = theirs.sink.sequences(theirs.startMs);
      expect(differences(withoutReasons(virtual.sequences), byAlertmanager)).toEqual([]);
      expect(differences(ours.sink.sequences(ours.startMs), virtual.sequences)).toEqual([]);
      for (const [n, groups] of theirs.shown.entries()) {
        const shown = { n, groups: sorted(groups) };
        expect({ n, groups: sorted(virtual.shown[n] ?? []) }).toEqual(shown);
        expect({ n, groups: sorted(ours.shown[n] ?? []) }).toEqual(shown);
      }
      return;
    }
  },
  180_000,
);

/** The sequences that are not the same, with both sides. */
function differences(ours: Sequences, theirs: Sequences) {
  return [...new Set([...theirs.keys(), ...ours.keys()])]
    .map((key) => ({ key, ours: ours.get(key), theirs: theirs.get(key) }))
    .filter((one) => !Bun.deepEquals(one.ours, one.theirs));
}

/** Debian's Alertmanager does not say why it notifies. */
function withoutReasons(sequences: Sequences): Sequences {
  return new Map(
    [...sequences].map(([key, sent]) => [key, sent.map((one) => ({ ...one, reason: undefined }))]),
  );
}

function sorted(groups: readonly GroupShown[]): string[] {
  return groups
    .map(({ receiver, labels, alerts }) => {
      const pairs = Object.entries(labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return JSON.stringify([receiver, pairs, alerts]);
    })
    .toSorted();
}
