import { readFile } from "node:fs/promises";
import type { Authenticator, ConnectionOptions, NatsConnection } from "nats";
import {
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { NatsConfig } from "./nats_config.ts";

/** Uses one connection until the signal aborts, which it does when the connection is lost. */
export type NatsSession = (nats: NatsConnection, signal: AbortSignal) => Promise<void>;

export type NatsLinkParts = {
  /** Shown in the server's list of connections. */
  readonly name: string;
  /** Of the subjects that answers come to; the client's own where absent. */
  readonly inboxPrefix?: string;
  readonly clock: Clock;
  readonly log: Logger;
};

const connectTimeoutMs = 5_000;
/** A peer that is gone without a word is noticed after three of these. */
const pingIntervalMs = 5_000;
/** A connection that lived so long was a good one: the next wait is short again. */
const goodConnectionMs = 10_000;

/**
 * One connection after another, for ever. Each is a session of its own: the client's own reconnection is off, because it keeps subscriptions and
 * half-sent messages over a break, and we rather begin anew from what is known to be acknowledged.
 */
export class NatsLink {
  readonly #config: NatsConfig;
  readonly #parts: NatsLinkParts;
  readonly #session: NatsSession;
  readonly #stopped = new AbortController();
  #status: { readonly connected: boolean; readonly detail: string };
  #running: Promise<void> = Promise.resolve();
  /** Ends the connection of the moment, to make another at once. */
  #renewing = new AbortController();

  constructor(config: NatsConfig, parts: NatsLinkParts, session: NatsSession) {
    this.#config = config;
    this.#parts = parts;
    this.#session = session;
    this.#status = { connected: false, detail: "not started" };
  }

  /** Returns at once; the connection comes when it comes. */
  start(): void {
    this.#running = this.#run();
  }

  status(): { readonly connected: boolean; readonly detail: string } {
    return this.#status;
  }

  /** Ends the connection of the moment and makes another at once, with what the configuration's files hold by then. */
  reconnect(): void {
    this.#renewing.abort();
  }

  /** Connects with these credentials instead of the configuration's, and ends that connection. Throws where it is refused. */
  async tryOut(credentials: string): Promise<void> {
    const authenticator = credsAuthenticator(new TextEncoder().encode(credentials));
    const { name } = this.#parts;
    const nats = await connect({ ...connectionSettings(this.#config), name, authenticator });
    await nats.close();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    this.#status = { connected: false, detail: "closed" };
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopped;
    let waitMs = this.#config.reconnect_wait;
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      this.#renewing = new AbortController();
      const trouble = await this.#connectOnce();
      if (signal.aborted) return;
      if (this.#renewing.signal.aborted) continue;
      if (trouble !== this.#status.detail) log.warn("no connection to NATS", { error: trouble });
      this.#status = { connected: false, detail: trouble };
      if (clock.monotonic() - startedMs > goodConnectionMs) waitMs = this.#config.reconnect_wait;
      await clock.sleep(waitMs * (0.5 + Math.random() / 2), signal);
      waitMs = Math.min(2 * waitMs, this.#config.reconnect_wait_max);
    }
  }

  /** One connection from beginning to end. Resolves with why it ended. */
  async #connectOnce(): Promise<string> {
    let nats: NatsConnection | undefined;
    const ended = new AbortController();
    const stop = (): void => ended.abort();
    this.#stopped.signal.addEventListener("abort", stop, { once: true });
    this.#renewing.signal.addEventListener("abort", stop, { once: true });
    try {
      nats = await connect(await connectionOptions(this.#config, this.#parts));
      if (this.#stopped.signal.aborted) return "closed";
      const server = nats.getServer();
      this.#status = { connected: true, detail: `connected to ${server}` };
      this.#parts.log.info("connected to NATS", { server });
      const lost = nats.closed().then((why) => {
        ended.abort();
        return why instanceof Error ? messageOf(why) : "connection lost";
      });
      await this.#session(nats, ended.signal);
      await nats.close();
      return await lost;
    } catch (thrown) {
      return messageOf(thrown);
    } finally {
      this.#stopped.signal.removeEventListener("abort", stop);
      ended.abort();
      await nats?.close();
    }
  }
}

async function connectionOptions(
  config: NatsConfig,
  { name, inboxPrefix }: Pick<NatsLinkParts, "name" | "inboxPrefix">,
): Promise<ConnectionOptions> {
  const authenticator = await authenticatorOf(config);
  return {
    ...connectionSettings(config),
    name,
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    ...(authenticator === undefined ? {} : { authenticator }),
  };
}

/** Where the servers are and how they are known; without saying who connects. Ends with the first loss of the connection. */
export function connectionSettings(config: NatsConfig): ConnectionOptions {
  const wantsTls =
    config.tls !== undefined || config.servers.some((url) => url.startsWith("tls://"));
  const { ca_file: caFile, cert_file: certFile, key_file: keyFile } = config.tls ?? {};
  return {
    servers: config.servers,
    reconnect: false,
    timeout: connectTimeoutMs,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    ...(wantsTls
      ? {
          tls: {
            ...(caFile === undefined ? {} : { caFile }),
            ...(certFile === undefined ? {} : { certFile }),
            ...(keyFile === undefined ? {} : { keyFile }),
          },
        }
      : {}),
  };
}

async function authenticatorOf(config: NatsConfig): Promise<Authenticator | undefined> {
  if (config.creds_file !== undefined) return credsAuthenticator(await readFile(config.creds_file));
  const seed = await secretOf(config.nkey_seed, config.nkey_seed_file);
  if (seed !== undefined) return nkeyAuthenticator(new TextEncoder().encode(seed));
  const token = await secretOf(config.token, config.token_file);
  if (token !== undefined) return tokenAuthenticator(token);
  if (config.user === undefined) return undefined;
  const password = await secretOf(config.password, config.password_file);
  return usernamePasswordAuthenticator(config.user, password);
}

async function secretOf(
  text: string | undefined,
  path: string | undefined,
): Promise<string | undefined> {
  return text ?? (path === undefined ? undefined : (await readFile(path, "utf8")).trim());
}
