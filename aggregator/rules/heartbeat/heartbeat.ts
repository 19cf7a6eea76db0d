import { readFile } from "#shared/http/credentials.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { requireSuccess } from "#aggregator/channels/http/answer.ts";
import { exchange } from "#aggregator/channels/http/exchange.ts";
import { attempt } from "#aggregator/channels/failure.ts";
import type { HeartbeatConfig } from "./config.ts";

export type HeartbeatParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly fetch: typeof fetch;
  /** Why alerts would not be evaluated or would reach no one now, or undefined. May hang where rules do. */
  readonly trouble: () => Promise<string | undefined>;
};

/**
 * Pings an outside address as long as rules are evaluated and notifications go out: the service behind it raises the alarm when pings stop. A
 * ping is withheld where that is not so, or where it cannot be found out within the interval.
 */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #withheld: RepeatedWarning;
  readonly #failed: RepeatedWarning;
  readonly #pings;
  readonly #lastAt;
  #config: HeartbeatConfig | undefined;
  #isStarted = false;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(config: HeartbeatConfig | undefined, parts: HeartbeatParts) {
    const { clock, log, metrics } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#withheld = new RepeatedWarning(log, clock, "the heartbeat is withheld");
    this.#failed = new RepeatedWarning(log, clock, "the heartbeat failed");
    this.#pings = metrics.counter(
      "lapwing_heartbeat_pings_total",
      "Pings of the dead man's switch, by outcome: sent, failed, or withheld because rules or notifications stand still.",
      ["outcome"],
    );
    this.#lastAt = metrics.gauge(
      "lapwing_heartbeat_last_success_timestamp_seconds",
      "When the dead man's switch was pinged last.",
    );
  }

  start(): void {
    this.#isStarted = true;
    this.#restart();
  }

  configure(config: HeartbeatConfig | undefined): void {
    if (Bun.deepEquals(this.#config, config)) return;
    this.#config = config;
    if (this.#isStarted) this.#restart();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #restart(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    const config = this.#config;
    const { signal } = this.#stop;
    const before = this.#running;
    this.#running = before.then(() =>
      config === undefined ? undefined : this.#run(config, signal),
    );
  }

  async #run(config: HeartbeatConfig, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(config.interval, signal);
      if (signal.aborted) return;
      const reason = await this.#troubleWithin(config.interval, signal);
      if (signal.aborted) return;
      if (reason === undefined) await this.#ping(config, signal);
      else {
        this.#pings.inc({ outcome: "withheld" });
        this.#withheld.warn(() => ({ reason }));
      }
    }
  }

  async #troubleWithin(limitMs: number, signal: AbortSignal): Promise<string | undefined> {
    const over = new AbortController();
    const ended = AbortSignal.any([signal, over.signal]);
    const late = this.#parts.clock
      .sleep(limitMs, ended)
      .then(() => "whether rules are evaluated could not be found out in time");
    const found = await Promise.race([this.#parts.trouble(), late]);
    over.abort();
    return found;
  }

  async #ping(config: HeartbeatConfig, signal: AbortSignal): Promise<void> {
    const { clock, fetch } = this.#parts;
    const { http, method, timeout: timeoutMs } = config;
    const now = () => clock.now();
    const outcome = await attempt(async (secrets) => {
      const sending = { http, parts: { fetch, now }, signal, secrets, timeoutMs };
      const url = config.url ?? (await readFile(config.url_file ?? "")).trim();
      requireSuccess(await exchange({ url, method }, sending), clock.now());
      return { answer: "" };
    });
    if (signal.aborted) return;
    this.#pings.inc({ outcome: outcome.kind });
    if (outcome.kind === "sent") this.#lastAt.set(clock.now() / 1_000);
    else this.#failed.warn(() => ({ error: outcome.error }));
  }
}
