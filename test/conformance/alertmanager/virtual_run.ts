import type { Channel } from "#aggregator/channels/channel.ts";
import { knownChannel } from "#aggregator/notify/config/integration.ts";
import { readSmallConfig } from "#aggregator/notify/config/read_config.ts";
import { VirtualPipeline } from "#aggregator/notify/pipeline/virtual_pipeline.fixture.ts";
import { createMatcher } from "#aggregator/notify/routing/matcher.ts";
import { SilenceBook } from "#aggregator/notify/silences/silence_book.ts";
import { stringify } from "yaml";
import { z } from "zod";
import { type Sequences, addTo, fromNotification } from "./notified.ts";
import { type Scenario, configOf, stepMs } from "./scenario.ts";

const Config = z.object({ url: z.string(), send_resolved: z.boolean() });
/** Knows where it would send, and sends nothing: what it is given is what is compared. */
const hook: Channel<z.output<typeof Config>> = {
  name: "webhook",
  title: "Webhook",
  schema: Config,
  complete: (config) => ({ config, mistakes: [] }),
  sendsResolved: (config) => config.send_resolved,
  send: () => Promise.resolve({ kind: "sent", answer: "" }),
};

export type GroupShown = {
  readonly receiver: string;
  readonly labels: unknown;
  readonly alerts: readonly string[];
};

/** When streams begin by the wall clock: time intervals go by it. */
const startMs = Date.UTC(2026, 10, 25);

/** Lets the streams pass through our pipeline in virtual time. `shown`: the groups half a second after each step. */
export async function runVirtually(scenarios: readonly Scenario[]): Promise<{
  readonly sequences: Sequences;
  readonly shown: readonly (readonly GroupShown[])[];
}> {
  const text = stringify(configOf(scenarios, (receiver, i) => `http://sink/${receiver}/${i}`));
  const config = readSmallConfig(text, "alertmanager.yml", [knownChannel(hook)]);
  const silences = new SilenceBook({
    now: () => startMs + world.nowMs,
    limits: () => ({ silencesMax: 0, bytesMax: 0, retentionMs: 432_000_000 }),
    save: async () => {},
    remove: async () => {},
  });
  const world = new VirtualPipeline({ config, silencer: silences });
  world.wallAheadMs = startMs;
  const ids = new Map<string, string>();
  const shown: GroupShown[][] = [];
  const steps = Math.max(...scenarios.map((one) => one.steps.length));
  for (let n = 0; n < steps; n++) {
    world.until(n * stepMs);
    for (const { steps: own } of scenarios) {
      const step = own[n];
      for (const { name, matchers } of step?.silenced ?? []) {
        const times = {
          startsAtMs: startMs + world.nowMs,
          endsAtMs: startMs + world.nowMs + 3_600_000,
        };
        const made = matchers.map((one) =>
          createMatcher(one.name, operatorOf(one.isRegex, one.isEqual), one.value),
        );
        const texts = { id: "", createdBy: "test", comment: name, annotations: {} };
        ids.set(name, await silences.set({ ...texts, ...times, matchers: made }));
      }
      for (const name of step?.expired ?? []) await silences.expire(ids.get(name) ?? "");
      for (const { labels, annotations, fires } of step?.alerts ?? [])
        world.put({ labels, annotations, ...(!fires && { endsAtMs: startMs + world.nowMs }) });
    }
    world.until(n * stepMs + 200);
    shown.push(groupsOf(world, silences));
  }
  world.until(steps * stepMs);
  const sequences: Sequences = new Map();
  for (const { delivery } of world.settled) {
    const { receiver, integration } = delivery.key;
    const index = /\d+/.exec(integration)?.[0] ?? "";
    addTo(sequences, `${receiver}/${index}`, fromNotification(delivery.notification, startMs));
  }
  return { sequences, shown };
}

function operatorOf(isRegex: boolean, isEqual: boolean) {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}

function groupsOf(world: VirtualPipeline, silences: SilenceBook): GroupShown[] {
  const { pipeline } = world;
  const nowMs = startMs + world.nowMs;
  return pipeline.groups.flatMap((group): GroupShown[] => {
    const alerts = group.alerts
      .filter(({ endsAtMs }) => endsAtMs > nowMs)
      .map(({ fingerprint, labels }) => {
        const source = pipeline.inhibitedBy(labels);
        const silenced = silences.silencesOf(labels, nowMs).length;
        return shownAlert(fingerprint, silenced, source === undefined ? 0 : 1);
      });
    if (alerts.length === 0) return [];
    return [{ receiver: group.route.receiver, labels: group.labels, alerts }];
  });
}

export function shownAlert(fingerprint: string, silencedBy: number, inhibitedBy: number): string {
  return `${fingerprint} silenced by ${silencedBy}, inhibited by ${inhibitedBy}`;
}
