import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { printedLabels } from "#shared/model/printed_labels.ts";
import { until } from "#test/support/asking.ts";
import type { HostSeries } from "#test/support/node_hosts.ts";
import { startPrometheus } from "#test/support/prometheus.ts";
import { remoteWriteBody } from "#test/support/remote_write_body.ts";
import type { Stage } from "#test/support/stage.ts";
import { type LiveScenario, fileOf, graceMs } from "./live_scenario.ts";

const externalUrl = "http://rules.example";
const externalLabels = { region: "eu" };
/** No multiple of an interval: releases of Prometheus before 3 take a sample that is as old as this. */
const lookback = "7s";

const Texts = z.record(z.string(), z.string());
const SentAlerts = z.array(
  z.object({
    labels: Texts,
    annotations: Texts.default({}),
    startsAt: z.string(),
    endsAt: z.string(),
    generatorURL: z.string(),
  }),
);
const Matrix = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: Texts, values: z.array(z.tuple([z.number(), z.string()])) }),
    ),
  }),
});
const Alerts = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        labels: Texts,
        annotations: Texts.default({}),
        state: z.string(),
        activeAt: z.string(),
        value: z.string(),
      }),
    ),
  }),
});

/** By the text of a series: its values by Unix milliseconds. */
export type Samples = ReadonlyMap<string, ReadonlyMap<number, string>>;
export type SentAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generatorURL: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
};

/** An Alertmanager's place for alerts. */
class AlertSink {
  readonly received: SentAlert[] = [];
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      for (const { startsAt, endsAt, ...alert } of SentAlerts.parse(await request.json()))
        this.received.push({ ...alert, startsAtMs: msOf(startsAt), endsAtMs: msOf(endsAt) });
      return new Response("{}");
    },
  });

  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }
}

/** Prometheus writes times in nanoseconds. */
export function msOf(time: string): number {
  return Date.parse(time.replace(/(\.\d{3})\d+/, "$1"));
}

/** A server with rules, under test or to compare with. */
export class RulesServer {
  readonly sink: AlertSink;
  readonly #start: () => Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }>;
  #running: { readonly url: string; readonly stop: () => Promise<unknown> } | undefined;

  constructor(stage: Stage, start: (sink: AlertSink) => RulesServer["start"]) {
    this.sink = new AlertSink();
    stage.after(() => this.sink.stop());
    this.#start = start(this.sink);
  }

  async start() {
    this.#running = await this.#start();
    return this.#running;
  }

  async restart(): Promise<void> {
    await this.#running?.stop();
    await this.start();
  }

  async write(series: readonly HostSeries[]): Promise<void> {
    const answer = await fetch(`${this.#running?.url}/api/v1/write`, {
      method: "POST",
      headers: {
        "content-type": "application/x-protobuf",
        "content-encoding": "snappy",
        "x-prometheus-remote-write-version": "0.1.0",
      },
      body: remoteWriteBody(series),
    });
    if (!answer.ok) throw new Error(`remote write: ${answer.status} ${await answer.text()}`);
  }

  /** The samples of [fromMs, toMs] as they were written. */
  written(selector: string, fromMs: number, toMs: number): Promise<Samples> {
    const query = `${selector}[${toMs - fromMs}ms]`;
    return this.#samples(
      `query?${String(new URLSearchParams({ query, time: `${toMs / 1_000}` }))}`,
    );
  }

  /** What a chart shows, every half second. */
  shown(selector: string, fromMs: number, toMs: number): Promise<Samples> {
    const given = {
      query: selector,
      start: `${fromMs / 1_000}`,
      end: `${toMs / 1_000}`,
      step: "0.5",
    };
    return this.#samples(`query_range?${String(new URLSearchParams(given))}`);
  }

  async alerts(): Promise<z.output<typeof Alerts>["data"]["alerts"]> {
    const answer = await fetch(`${this.#running?.url}/api/v1/alerts`);
    return Alerts.parse(await answer.json()).data.alerts;
  }

  async #samples(path: string): Promise<Samples> {
    const answer = await fetch(`${this.#running?.url}/api/v1/${path}`);
    const { data } = Matrix.parse(await answer.json());
    return new Map(
      data.result.map(({ metric, values }) => [
        printedLabels(metric),
        new Map(values.map(([seconds, value]) => [Math.round(1_000 * seconds), value])),
      ]),
    );
  }
}

/** Debian's Prometheus with the rules; resolves when it is ready and knows its Alertmanager. */
export function prometheusWith({ groups }: LiveScenario, stage: Stage): RulesServer {
  const file = fileOf(stage.folder, "theirs");
  writeFileSync(file, stringify({ groups: groups.map(({ theirs }) => theirs) }));
  const folder = stage.path("theirs");
  return new RulesServer(stage, (sink) => async () => {
    const running = await startPrometheus(
      folder,
      {
        global: { external_labels: externalLabels },
        rule_files: [file],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [sink.address] }] }] },
      },
      [
        "--web.enable-remote-write-receiver",
        `--web.external-url=${externalUrl}`,
        `--query.lookback-delta=${lookback}`,
        `--rules.alert.for-grace-period=${graceMs}ms`,
      ],
    );
    stage.after(() => running.stop());
    return running;
  });
}

/** It knows its Alertmanagers a few seconds after the start; alerts of before are not sent. */
export async function knowsAlertmanager(url: string): Promise<void> {
  await until(
    "the Alertmanager of Prometheus",
    async () => (await (await fetch(`${url}/api/v1/alertmanagers`)).text()).includes("/api/v2/"),
    30_000,
  );
}

export function lapwingWith({ groups }: LiveScenario, stage: Stage): RulesServer {
  const file = fileOf(stage.folder, "ours");
  writeFileSync(file, stringify({ groups: groups.map(({ ours }) => ours) }));
  mkdirSync(join(stage.folder, "ours"), { recursive: true });
  return new RulesServer(stage, (sink) => async () => {
    const running = await stage.start({
      role: "up",
      name: "ours",
      config: {
        data_dir: stage.path("ours"),
        sources: [],
        query: { promql: { lookback } },
        rules: {
          files: [file],
          external_labels: externalLabels,
          external_url: externalUrl,
          for_grace_period: `${graceMs}ms`,
          alerting: {
            own_alertmanager: false,
            alertmanagers: [{ static_configs: [{ targets: [sink.address] }] }],
          },
        },
      },
    });
    return { url: running.url.replace(/\/$/, ""), stop: () => running.end("SIGTERM") };
  });
}
