import http from "node:http";
import type { Hono } from "hono";
import { OperatingError, messageOf } from "../errors.ts";
import type { ListenAddress } from "./config/base_config.ts";
import type { Clock } from "./clock.ts";
import type { HttpConfig } from "./door/config.ts";
import { Door, type Pushes, noPushes } from "./door/door.ts";
import { answerFailure } from "./answer_failure.ts";
import type { Logger } from "./log.ts";
import { Notifications } from "./notifications.ts";
import type { SelfMetrics } from "./self_metrics.ts";
import { type SocketPeer, socketHandlers } from "./process/sockets.ts";

/** How the configuration was read last. */
export type ReloadState = { readonly succeeded: boolean; readonly atMs: number };

/** Answers of long queries may take this long without a byte. */
const idleTimeoutSeconds = 255;
/** Of a request's line and headers, as Go's servers have it: dashboards write hundreds of names into one query of a GET. */
const headerBytesMax = 1_048_576;
const reloadFailed = "Configuration reload has failed.";
const stopping = "Lapwing is shutting down and gracefully stopping all operations.";

/**
 * The stages of a process and its HTTP server. The port is taken before stores are opened: until there are routes, and again
 * while the process stops, queries get 503 with the header X-Prometheus-Stopping, as from Prometheus (web/web.go).
 */
export class Lifecycle {
  readonly notifications: Notifications;
  /** What requests pass before they reach a route. */
  readonly door: Door;
  readonly #clock: Clock;
  readonly #stopRequest = Promise.withResolvers<string>();
  #failure: string | undefined;
  #stage: "starting" | "running" | "stopping" = "starting";
  #reloaded: ReloadState;
  #routes: Hono | undefined;
  #log: Logger | undefined;
  #server: ReturnType<typeof Bun.serve<SocketPeer>> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.door = new Door(clock);
    this.notifications = new Notifications(clock);
    this.#reloaded = { succeeded: true, atMs: clock.now() };
  }

  /** Resolves with the reason when the process is to end. */
  get stopRequested(): Promise<string> {
    return this.#stopRequest.promise;
  }

  get reloaded(): ReloadState {
    return this.#reloaded;
  }

  get isStopping(): boolean {
    return this.#stage === "stopping";
  }

  requestStop(reason: string): void {
    this.#stopRequest.resolve(reason);
  }

  /** The process can't go on: it is to end, with an exit code that says so. */
  fail(reason: string): void {
    this.#failure ??= reason;
    this.#stopRequest.resolve(reason);
  }

  /** Why the process can't go on, or undefined. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Refusals and failures of requests are logged here. */
  observe(log: Logger, metrics: SelfMetrics): void {
    this.#log = log;
    this.door.observe(log, metrics);
  }

  /** Takes the port. Throws OperatingError("unavailable") where that is not possible. */
  listen(address: ListenAddress, rules?: HttpConfig): void {
    if (rules !== undefined) this.door.configure(rules);
    this.door.opened(address.hostname);
    // Of the whole process, and the only way to it but an option of the command line.
    Reflect.set(http, "maxHeaderSize", headerBytesMax);
    try {
      this.#server = Bun.serve<SocketPeer>({
        ...address,
        idleTimeout: idleTimeoutSeconds,
        websocket: socketHandlers,
        fetch: (request, server) =>
          this.door.answer(request, (checked) =>
            this.#routes === undefined
              ? this.#early(checked)
              : this.#routes.fetch(checked, { server }),
          ),
        error: (thrown) => answerFailure(thrown, undefined, this.#log),
      });
    } catch (cause) {
      const where = `${address.hostname}:${address.port}`;
      const message = `cannot listen on ${where} (${messageOf(cause)}): choose another by --listen`;
      throw new OperatingError("unavailable", message, { cause });
    }
  }

  /** Where it listens, as a URL; empty before listen(). */
  get address(): string {
    return this.#server?.url.href ?? "";
  }

  /** From now on these answer; gives the address. `pushes`: which of them are receivers'. */
  serve(routes: Hono, pushes: Pushes = noPushes): string {
    routes.onError((thrown, c) => answerFailure(thrown, c.req.raw, this.#log));
    this.#routes = routes;
    this.door.leadsTo(pushes);
    if (this.#stage === "starting") this.#stage = "running";
    return this.address;
  }

  /** Reads the configuration by `read`, and remembers how that went. */
  async reloading<Result>(read: () => Promise<Result>): Promise<Result> {
    let result: Result;
    try {
      result = await read();
    } catch (thrown) {
      this.#reloaded = { ...this.#reloaded, succeeded: false };
      this.notifications.raise(reloadFailed);
      throw thrown;
    }
    this.#reloaded = { succeeded: true, atMs: this.#clock.now() };
    this.notifications.clear(reloadFailed);
    return result;
  }

  beginStop(): void {
    this.#stage = "stopping";
    this.notifications.raise(stopping);
  }

  async close(): Promise<void> {
    await this.#server?.stop(true);
  }

  /** What gets 503 in this stage; undefined lets the request through. */
  refusal(path: string): Response | undefined {
    return this.#stage === "running" || !isGated(path) ? undefined : this.#unavailable();
  }

  #early(request: Request): Response {
    const isHealthCheck = new URL(request.url).pathname === "/-/healthy";
    return isHealthCheck ? new Response("Lapwing is Healthy.\n") : this.#unavailable();
  }

  #unavailable(): Response {
    const headers = { "x-prometheus-stopping": String(this.isStopping) };
    return new Response("Service Unavailable", { status: 503, headers });
  }
}

const gated = /^\/(?:api\/v1|loki\/api\/v1|federate)(?:\/|$)/;
/** These tell how the process is, whatever its stage. */
const open = /^\/api\/v1\/(?:status\/walreplay|notifications(?:\/live)?)$/;

function isGated(path: string): boolean {
  return gated.test(path) && !open.test(path);
}
