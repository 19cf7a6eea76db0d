import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alertmanagerProgram, startAlertmanager } from "#test/support/alertmanager.ts";
import { seededRandom } from "#test/support/random_promql.ts";
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

async function runAlertmanager(
  scenarios: readonly Scenario[],
): Promise<RealRun & { sink: WebhookSink }> {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-alertmanager-"));
  const sink = new WebhookSink();
  const config = configOf(scenarios, (receiver, i) => sink.urlOf(receiver, i));
  const running = await startAlertmanager(folder, config);
  try {
    return { ...(await runReally(running.url, scenarios)), sink };
  } finally {
    await running.stop();
    await sink.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

test.skipIf(alertmanagerProgram === null)(
  `our pipeline sends what Debian's Alertmanager sends (LAPWING_SEED=${seed})`,
  async () => {
    for (let run = 0; run < attempts; run++) {
      const scenarios = scenariosOf(run);
      const ours = await runVirtually(scenarios);
      const theirs = await runAlertmanager(scenarios);
      console.log(
        `${scenarios.length} configurations from seed ${seed}, run ${run}: ${theirs.sink.received.length} notifications, at most ${theirs.lateMs} ms late`,
      );
      if (theirs.lateMs > lateMaxMs && run < attempts - 1) continue;
      expect(theirs.sink.faults).toEqual([]);
      expect(theirs.sink.received.length).toBeGreaterThan(scenariosCount);
      const sequences = theirs.sink.sequences(theirs.startMs);
      const keys = [...new Set([...sequences.keys(), ...ours.sequences.keys()])];
      const different = keys.filter(
        (key) => !Bun.deepEquals(ours.sequences.get(key), sequences.get(key)),
      );
      expect(
        different.map((key) => ({
          key,
          ours: ours.sequences.get(key),
          theirs: sequences.get(key),
        })),
      ).toEqual([]);
      for (const [n, groups] of theirs.shown.entries())
        expect({ n, groups: sorted(ours.shown[n] ?? []) }).toEqual({ n, groups: sorted(groups) });
      return;
    }
  },
  180_000,
);

function sorted(groups: readonly GroupShown[]): string[] {
  return groups
    .map(({ receiver, labels, alerts }) => {
      const pairs = Object.entries(labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return JSON.stringify([receiver, pairs, alerts]);
    })
    .toSorted();
}
