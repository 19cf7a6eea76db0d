import { expect, test } from "bun:test";
import { printedLabels } from "#shared/model/printed_labels.ts";
import { prometheusProgram } from "#test/support/prometheus.ts";
import { Stage } from "#test/support/stage.ts";
import {
  type LiveGroup,
  type LiveScenario,
  fastMs,
  fastSamples,
  liveScenario,
  queryOffsetMs,
  slowMs,
  slowRounds,
} from "./live_scenario.ts";
import {
  type RulesServer,
  type Samples,
  type SentAlert,
  knowsAlertmanager,
  lapwingWith,
  msOf,
  prometheusWith,
} from "./live_servers.ts";

// A Prometheus and a Lapwing with the same rules over the same samples, which lie in the future when they are written: an evaluation
// reads the same samples however late it runs. Both are restarted between two evaluations of the slow group.

/** A failure names it. */
const seed = Number(process.env["LAPWING_SEED"] ?? Date.now() % 1_000_000);
/** A group of which a server was too busy to evaluate it once is compared in another run. */
const attempts = 3;
/** Evaluations of the slow group after the restart: the second one restores alerts. */
const roundsAfter = 4;
const settleMs = 1_500;

const made = '{__name__=~"ALERTS|ALERTS_FOR_STATE|.*r:.*"}';

test.skipIf(prometheusProgram === null)(
  `Lapwing and Debian's Prometheus give the same alerts and recorded series at the same times (LAPWING_SEED=${seed})`,
  async () => {
    // The slow group is compared where the machine has let both servers be back in time.
    const left = new Set("ABCDLO");
    for (let run = 0; run < attempts && left.size > 0; run++) {
      const stage = new Stage();
      try {
        const scenario = liveScenario(seed + run, stage.folder);
        const servers = {
          theirs: prometheusWith(scenario, stage),
          ours: lapwingWith(scenario, stage),
        };
        const times = await play(scenario, servers);
        const [theirs, ours] = await Promise.all([
          look(servers.theirs, times),
          look(servers.ours, times),
        ]);
        const missed = new Set(
          [theirs, ours].flatMap((seen) => missedOf(scenario, times, seen.written)),
        );
        if (!times.isOnTime) missed.add("S");
        console.log(
          `run ${run} of seed ${seed}: ${theirs.written.size} series, ${theirs.sent.length} alerts sent; evaluations missed of ${[...missed].join() || "no group"}`,
        );
        for (const group of new Set([...left, "S"]).difference(missed)) {
          compare(only(theirs, group), only(ours, group), times);
          left.delete(group);
        }
        // Servers without alerts would be the same, too.
        expect([theirs.written.size > 20, theirs.sent.length > 10]).toEqual([true, true]);
        expect(theirs.alerts.filter(({ state }) => state === "firing").length).toBeGreaterThan(5);
      } finally {
        await stage.stop();
      }
    }
    expect([...left]).toEqual([]);
  },
  500_000,
);

/** What a group has made: its alerts and recorded series begin with its letter. */
function only({ written, shown, sent, alerts }: Seen, group: string): Seen {
  const isOwn = (labels: Readonly<Record<string, string>>) =>
    (labels["alertname"] ?? "").startsWith(group);
  const own = (samples: Samples) =>
    new Map(
      [...samples].filter(([series]) => {
        const [, letter] = /alertname="(.)/.exec(series) ?? /__name__="(.)/.exec(series) ?? [];
        return letter === group;
      }),
    );
  return {
    written: own(written),
    shown: own(shown),
    sent: sent.filter(({ labels }) => isOwn(labels)),
    alerts: alerts.filter(({ labels }) => isOwn(labels)),
  };
}

type Servers = { readonly theirs: RulesServer; readonly ours: RulesServer };
type Times = {
  readonly startMs: number;
  /** The first evaluation of the slow group. */
  readonly slowFirstMs: number;
  readonly restartedMs: number;
  readonly endMs: number;
  /** Both were back before the evaluation after the restart. */
  readonly isOnTime: boolean;
};

async function play(scenario: LiveScenario, { theirs, ours }: Servers): Promise<Times> {
  const [prometheus] = await Promise.all([theirs.start(), ours.start()]);
  await knowsAlertmanager(prometheus.url);
  const { offsetMs } = slowOf(scenario);
  // Only after its second evaluation does a rule write series of its alerts.
  const soonMs = Date.now() + 2 * slowMs + 1_000;
  const slowFirstMs = Math.ceil((soonMs - offsetMs) / slowMs) * slowMs + offsetMs;
  const startMs = Math.floor(slowFirstMs / 1_000) * 1_000 - 1_000;
  const series = scenario.series(startMs);
  await Promise.all([theirs.write(series), ours.write(series)]);
  const lastMs = slowFirstMs + (slowRounds - 1) * slowMs;
  const restartedMs = lastMs + settleMs;
  await sleepUntil(restartedMs);
  await Promise.all([theirs.restart(), ours.restart()]);
  const isOnTime = Date.now() < lastMs + slowMs;
  const endMs = lastMs + roundsAfter * slowMs + settleMs;
  await sleepUntil(endMs);
  return { startMs, slowFirstMs, restartedMs, endMs, isOnTime };
}

function slowOf({ groups }: LiveScenario): LiveGroup {
  const slow = groups.find(({ name }) => name.startsWith("S"));
  if (slow === undefined) throw new Error("no slow group");
  return slow;
}

function sleepUntil(ms: number): Promise<void> {
  return Bun.sleep(Math.max(0, ms - Date.now()));
}

type Seen = {
  readonly written: Samples;
  readonly shown: Samples;
  readonly sent: readonly SentAlert[];
  readonly alerts: Awaited<ReturnType<RulesServer["alerts"]>>;
};

async function look(server: RulesServer, { startMs, endMs, restartedMs }: Times): Promise<Seen> {
  return {
    written: await server.written(made, startMs, endMs),
    shown: await server.shown(made, startMs, startMs + fastMs * (fastSamples + 4)),
    // A Prometheus knows no Alertmanager in the first seconds after a start, and sends nothing.
    sent: server.sink.received.filter(
      ({ startsAtMs }) =>
        startsAtMs >= startMs && (startsAtMs < restartedMs || startsAtMs > restartedMs + slowMs),
    ),
    alerts: await server.alerts(),
  };
}

/** Letters of groups with evaluations that were due and have left no sample. */
function missedOf({ groups }: LiveScenario, times: Times, written: Samples): string[] {
  return groups.flatMap(({ name, offsetMs }) => {
    const isSlow = name.startsWith("S");
    const record = isSlow ? "Sr:y" : `${name.replace(/\d+$/, "")}r:evaluated`;
    const seen = written.get(printedLabels({ __name__: record })) ?? new Map<number, string>();
    const due = isSlow
      ? Array.from({ length: slowRounds + roundsAfter }, (_, i) => times.slowFirstMs + i * slowMs)
      : Array.from({ length: fastSamples - 1 }, (_, i) => {
          const firstMs = times.startMs + fastMs;
          return firstMs + ((((offsetMs - firstMs) % fastMs) + fastMs) % fastMs) + i * fastMs;
        });
    return due.every((ms) => seen.has(ms)) ? [] : [name.slice(0, 1)];
  });
}

function compare(theirs: Seen, ours: Seen, { startMs }: Times): void {
  expect(differences(ours.written, theirs.written, startMs)).toEqual([]);
  expect(differences(ours.shown, theirs.shown, startMs)).toEqual([]);
  expect(sentTexts(ours.sent, startMs, queryOffsetMs)).toEqual(sentTexts(theirs.sent, startMs, 0));
  const active = (seen: Seen) => seen.alerts.map((alert) => ({ ...alert, activeAt: "" }));
  expect(new Set(active(ours))).toEqual(new Set(active(theirs)));
  for (const { labels, activeAt } of theirs.alerts) {
    const same = ours.alerts.find((one) => Bun.deepEquals(one.labels, labels));
    expect(
      Math.abs(msOf(same?.activeAt ?? "") - msOf(activeAt)),
      JSON.stringify(labels),
    ).toBeLessThan(nearMs);
  }
}

/** Restoration moves the time since when an alert is active by the clock as it is then. */
const nearMs = 1_500;

/** What only one of them has, or both have with different values, such as "21693 ms: 1, theirs -". */
function differences(ours: Samples, theirs: Samples, startMs: number): string[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((series) => {
    const [mine = new Map(), other = new Map()] = [ours.get(series), theirs.get(series)];
    const times = [...new Set<number>([...mine.keys(), ...other.keys()])].toSorted((x, y) => x - y);
    const apart = times.flatMap((ms) => {
      const [one, same] = [mine.get(ms) ?? "-", other.get(ms) ?? "-"];
      return isNear(series, one, same) ? [] : `${ms - startMs} ms: ${one}, theirs ${same}`;
    });
    return apart.length === 0 ? [] : [`${series} at ${apart.join("; ")}`];
  });
}

/** With `query_offset`, samples have the time that was asked for, and alerts are active since that of the evaluation. */
function isNear(series: string, ours: string, theirs: string): boolean {
  if (ours === theirs) return true;
  if (!series.includes('__name__="ALERTS_FOR_STATE"')) return false;
  const aheadMs = 1_000 * (Number(ours) - Number(theirs));
  if (series.includes('alertname="O')) return aheadMs === queryOffsetMs;
  return series.includes('alertname="S') && Math.abs(aheadMs) < nearMs;
}

/** Each once: alerts are sent again while they fire. `delayMs`: how much later the alerts of the group with `query_offset` are. */
function sentTexts(sent: readonly SentAlert[], startMs: number, delayMs: number): string[] {
  const texts = sent.map(({ labels, annotations, generatorURL, startsAtMs, endsAtMs }) => {
    const isDelayed = labels["alertname"]?.startsWith("O") === true;
    const fromMs = startMs + (isDelayed ? delayMs : 0);
    const times = `${startsAtMs - fromMs} to ${endsAtMs - fromMs} ms`;
    return [printedLabels(labels), printedLabels(annotations), generatorURL, times].join(" ");
  });
  return [...new Set(texts)].toSorted();
}
