import { Hono } from "hono";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { unpackedBody, withBody } from "../transport/body.ts";
import { type Steps, inSlices } from "../transport/decode_turns.ts";
import { emitSamples } from "../samples/emit_samples.ts";
import { type PushedSeries, noRoom } from "../samples/pushed_series.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { refusalOf, textAnswer } from "../transport/refusal.ts";
import { SampleBuffer } from "../samples/sample_buffer.ts";
import { readPushed } from "./exposition.ts";
import { loadGroups, saveGroups } from "./group_file.ts";
import { parseGroupPath } from "./group_path.ts";
import { type Change, type Group, Groups, samplesOf } from "./groups.ts";

const PushgatewayConfig = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to. */
    body_size_max: byteSize.prefault("8MiB"),
    /** How often the groups that stand are written as samples; at a push they are at once. */
    interval: duration.prefault("15s"),
    groups_max: z.number().int().min(1).default(10_000),
    /** Pushed series of all groups together. */
    samples_max: z.number().int().min(1).default(200_000),
  }),
);

/** The Pushgateway's paths: PUT, POST and DELETE of /metrics/job/<job>{/<label>/<value>}. */
export const pushgateway = defineReceiver({
  type: "pushgateway",
  config: PushgatewayConfig,
  emitsLogs: false,
  open(config, context) {
    const gateway = new Gateway(config, context);
    const routes = new Hono().all("/metrics/:job/*", (c, next) => {
      // As sent: percent signs may hide slashes.
      const path = new URL(c.req.url).pathname.slice("/metrics/".length);
      return /^job(?:@base64)?\//.test(path) ? gateway.answer(c.req.raw, path) : next();
    });
    return { routes, start: () => gateway.start(), stop: () => gateway.stop() };
  },
});

class Gateway {
  readonly #config: z.output<typeof PushgatewayConfig>;
  readonly #context: ReceiverContext;
  readonly #groups: Groups;
  readonly #series: PushedSeries;
  readonly #buffer = new SampleBuffer();
  readonly #stopped = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** Changes follow each other, so that each is made of what the one before left. */
  #turn: Promise<void> = Promise.resolve();
  #isDirty = false;

  constructor(config: z.output<typeof PushgatewayConfig>, context: ReceiverContext) {
    const { groups_max: groupsMax, samples_max: samplesMax, interval } = config;
    this.#config = config;
    this.#context = context;
    this.#groups = new Groups({ groupsMax, samplesMax });
    // Every series that stands is written each interval; room for those and the ones just gone.
    const seriesMax = 2 * (samplesMax + 2 * groupsMax);
    this.#series = context.newSeries({ seriesMax, idleMs: 4 * interval });
  }

  /** The groups of before a restart stand again. */
  async start(): Promise<void> {
    const { folder, log } = this.#context;
    try {
      for (const group of await loadGroups(folder)) this.#groups.set(group.labels, group);
    } catch (thrown) {
      log.warn("pushed groups could not be read, none stand", { error: messageOf(thrown) });
    }
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await this.#save();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#context;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await clock.sleep(this.#config.interval, signal);
      if (signal.aborted) return;
      try {
        await this.#inTurn(() => this.emitAll());
      } catch (thrown) {
        log.warn("pushed groups were not written", { error: messageOf(thrown) });
      }
      await this.#save();
    }
  }

  async #save(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      await saveGroups(this.#context.folder, this.#groups.all());
    } catch (thrown) {
      this.#isDirty = true;
      this.#context.log.warn("pushed groups could not be saved", { error: messageOf(thrown) });
    }
  }

  async answer(request: Request, path: string): Promise<Response> {
    let labels: Labels | undefined;
    try {
      const { method } = request;
      if (method !== "PUT" && method !== "POST" && method !== "DELETE")
        return textAnswer({ status: 405, message: "expected PUT, POST or DELETE" });
      labels = parseGroupPath(path);
      const group = labels;
      if (method === "DELETE") {
        await this.#inTurn(async () =>
          this.#change(group, await inSlices(this.#groups.deleted(group))),
        );
        return new Response(null, { status: 202 });
      }
      const bytesMax = this.#config.body_size_max;
      await withBody(request, { bytesMax, memory: this.#context.memory }, async (packed, take) => {
        const encoding = request.headers.get("content-encoding") ?? undefined;
        const body = await unpackedBody(packed, encoding, bytesMax, take);
        const type = request.headers.get("content-type") ?? "";
        const { samples_max: samplesMax } = this.#config;
        const families = await inSlices(readPushed(body, type, group, samplesMax));
        await this.#inTurn(async () => {
          const nowMs = this.#context.clock.now();
          const change = this.#groups.pushed(group, families, method === "POST", nowMs);
          await this.#change(group, await inSlices(change));
        });
      });
      return new Response(null, { status: 200 });
    } catch (thrown) {
      if (labels !== undefined) this.#groups.failed(labels, this.#context.clock.now());
      return textAnswer(refusalOf(thrown));
    }
  }

  /** The group as it will stand goes into the spool first, with stale markers for what goes. */
  async #change(labels: Labels, { group, gone }: Change): Promise<void> {
    const { clock } = this.#context;
    const nowMs = clock.now();
    this.#begin(nowMs);
    for (const series of gone) {
      const column = this.#series.columnOf(series);
      if (column !== noRoom) this.#buffer.pushStale(column, nowMs);
    }
    if (group !== undefined) await inSlices(this.#add(group, nowMs));
    if (this.#buffer.length > 0) await emitSamples(this.#context, this.#series, this.#buffer);
    this.#groups.set(labels, group);
    this.#isDirty = true;
  }

  /** Writes every group that stands. */
  async emitAll(): Promise<void> {
    const nowMs = this.#context.clock.now();
    this.#begin(nowMs);
    for (const group of this.#groups.all()) await inSlices(this.#add(group, nowMs));
    if (this.#buffer.length > 0) await emitSamples(this.#context, this.#series, this.#buffer);
  }

  #begin(nowMs: number): void {
    this.#buffer.clear();
    this.#series.begin(nowMs);
  }

  *#add(group: Group, nowMs: number): Steps {
    for (const { family } of group.families.values()) this.#series.describe(family);
    let refused = 0;
    for (const { labels, value } of samplesOf(group)) {
      yield;
      const column = this.#series.columnOf(labels);
      if (column === noRoom) refused++;
      else this.#buffer.push(column, nowMs, value);
    }
    this.#context.drop("metrics", "series_limit", refused);
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
