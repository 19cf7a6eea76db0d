import { agentProgramName } from "../install/program_name.ts";
import type { Uplink } from "#proto/bus/agent_port.ts";
import { credentialsName } from "#proto/fleet/credentials.ts";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { keptAddress } from "./aggregator_address.ts";
import { type Credentials, readCredentials, textOf, writeCredentials } from "./credentials_file.ts";
import { type AskRenewal, askOverHttp, confirmKey, renewKey } from "./renewal.ts";

export type KeyKeeperParts = {
  readonly credsFile: string;
  /** Where the aggregator's address was kept at the enrolment. */
  readonly folder: string;
  readonly tenant: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};

/** A connection, as the keeper sees it. */
export type KeeperSession = {
  readonly ask: AskRenewal;
  /** Connects with other credentials, once. Throws where they are refused. */
  readonly tryOut: (credentials: string) => Promise<void>;
  /** Ends this connection, and makes another with what the file holds then. */
  readonly reconnect: () => void;
};

export type KeeperState = {
  readonly publicKey: string;
  readonly expiresMs: number;
  readonly lastError: string;
};

/** Due when so much of the time is over, a little sooner or later for each agent. */
const dueShare = 2 / 3;
const dueJitter = 0.05;
/** Not sooner after a renewal than this part of the time, whatever the host's clock says. */
const restShare = 1 / 3;
const retryMinMs = 1_000;
const retryMaxMs = 600_000;
const retryShare = 1 / 30;
/** The longest sleep: timers end at 24 days, and the file may be exchanged by a person. */
const sleepMaxMs = 600_000;
const watchIntervalMs = 2_000;
/** What nats-server says to credentials that it does not take, and what the client makes of it. */
const isRefused = /authori[sz]ation|authentication/i;

/**
 * Exchanges the key that an agent connects with, long before its credentials run out:
 *
 * 1. a new key is made, and signed by the aggregator, which lets both be for a while;
 * 2. the new one is tried out on a connection of its own;
 * 3. it takes the old one's place on disk, whole and synced;
 * 4. the agent connects with it, and
 * 5. confirms it, over and over until the aggregator has it; only then the old one is revoked.
 *
 * Killed anywhere, the agent finds credentials on disk that are in force. When they ran out while it was away, it exchanges them over
 * HTTP, by the signature of the old key.
 */
export class KeyKeeper {
  readonly #parts: KeyKeeperParts;
  readonly #jitter = dueShare + dueJitter * (2 * Math.random() - 1);
  readonly #renewals: (result: "renewed" | "failed") => void;
  #held: Credentials;
  #confirmedKey = "";
  #lastError = "";
  /** Of the monotonic clock: not before. */
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #demanded = new AbortController();
  #last: Promise<void> = Promise.resolve();

  /** undefined where no aggregator made the credentials, or they hold until they are revoked: those are a person's matter. */
  static async open(parts: KeyKeeperParts): Promise<KeyKeeper | undefined> {
    try {
      const held = await readCredentials(parts.credsFile);
      const { name, expiresMs } = held.claims;
      if (name !== credentialsName(parts) || expiresMs === undefined) return undefined;
      return new KeyKeeper(parts, held);
    } catch (thrown) {
      // The connection says so, too, and goes on trying.
      parts.log.warn("credentials are not looked after", { error: messageOf(thrown) });
      return undefined;
    }
  }

  private constructor(parts: KeyKeeperParts, held: Credentials) {
    this.#parts = parts;
    this.#held = held;
    const counter = parts.metrics.counter(
      "lapwing_uplink_credentials_renewals_total",
      "Exchanges of the key that the agent connects with, by what became of them.",
      ["result"],
    );
    this.#renewals = (result) => counter.inc({ result });
    const expiry = parts.metrics.gauge(
      "lapwing_uplink_credentials_expire_timestamp_seconds",
      "When the agent's credentials run out.",
    );
    parts.metrics.onCollect(() => expiry.set(this.state().expiresMs / 1_000));
  }

  state(): KeeperState {
    const { publicKey, expiresMs = 0 } = this.#held.claims;
    return { publicKey, expiresMs, lastError: this.#lastError };
  }

  /** The aggregator wants the key exchanged now. */
  demand(): void {
    this.#demanded.abort();
  }

  /** Over one connection: confirms the key that made it, and exchanges it when it is due. */
  async run(session: KeeperSession, signal: AbortSignal): Promise<void> {
    await this.#read();
    await this.#until(signal, () => this.#confirm(session));
    await this.#waitUntilDue(signal);
    await this.#until(signal, () => this.#renew(session));
    if (!signal.aborted) session.reconnect();
  }

  /** While there is no connection: when that is because the credentials ran out, they are exchanged over HTTP. */
  async watch(status: Uplink["status"], signal: AbortSignal): Promise<void> {
    const { clock, folder } = this.#parts;
    let waitMs = retryMinMs;
    while (!signal.aborted) {
      await clock.sleep(watchIntervalMs, signal);
      const { connected, detail } = status();
      if (connected) waitMs = retryMinMs;
      if (signal.aborted || connected) continue;
      await this.#read();
      if (this.state().expiresMs > clock.now() && !isRefused.test(detail)) continue;
      const url = await keptAddress(folder);
      if (url === undefined) this.#failed(new Error(noAddress));
      else if (await this.#tried(() => this.#exchange(askOverHttp(url)))) waitMs = retryMinMs;
      await clock.sleep(waitMs * (0.5 + Math.random()), signal);
      waitMs = this.#longer(waitMs);
    }
  }

  /** The next wait after one: some attempts must fit into what is left of the time. */
  #longer(waitMs: number): number {
    const { issuedMs, expiresMs = Number.POSITIVE_INFINITY } = this.#held.claims;
    const max = Math.max(retryMinMs, retryShare * (expiresMs - issuedMs));
    return Math.min(2 * waitMs, max, retryMaxMs);
  }

  async #confirm({ ask }: KeeperSession): Promise<void> {
    const { key, claims } = this.#held;
    if (claims.publicKey === this.#confirmedKey) return;
    await confirmKey(ask, this.#parts, key);
    this.#confirmedKey = claims.publicKey;
  }

  async #waitUntilDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    this.#demanded = new AbortController();
    while (!signal.aborted && !this.#demanded.signal.aborted) {
      const { issuedMs, expiresMs = Number.POSITIVE_INFINITY } = this.#held.claims;
      const dueMs = issuedMs + this.#jitter * (expiresMs - issuedMs) - clock.now();
      const leftMs = Math.max(dueMs, this.#restUntilMs - clock.monotonic());
      if (leftMs <= 0) return;
      const either = AbortSignal.any([signal, this.#demanded.signal]);
      await clock.sleep(Math.min(leftMs, sleepMaxMs), either);
      await this.#read();
    }
  }

  async #renew({ ask, tryOut }: KeeperSession): Promise<void> {
    await this.#exchange(ask, tryOut);
  }

  /** One after the other: of two at once the first to be signed would be forgotten by the aggregator, and might be the last on disk. */
  #exchange(ask: AskRenewal, tryOut?: KeeperSession["tryOut"]): Promise<void> {
    const exchange = this.#last.then(() => this.#exchangeNow(ask, tryOut));
    this.#last = exchange.catch(() => {});
    return exchange;
  }

  /** Leaves a new key on disk that the aggregator has signed. */
  async #exchangeNow(ask: AskRenewal, tryOut: KeeperSession["tryOut"] | undefined): Promise<void> {
    const { credsFile, clock, log } = this.#parts;
    await this.#read();
    const { jwt, key } = await renewKey(ask, this.#parts, this.#held.key);
    await tryOut?.(textOf(jwt, key));
    await writeCredentials(credsFile, jwt, key);
    await this.#read();
    const { expiresMs = 0, issuedMs, publicKey } = this.#held.claims;
    this.#restUntilMs = clock.monotonic() + restShare * (expiresMs - issuedMs);
    this.#renewals("renewed");
    log.info("credentials are renewed", { public_key: publicKey, expires_ms: expiresMs });
  }

  /** What cannot be read now, or is somebody else's, leaves what is known. */
  async #read(): Promise<void> {
    try {
      const held = await readCredentials(this.#parts.credsFile);
      if (held.claims.name === credentialsName(this.#parts)) this.#held = held;
    } catch (thrown) {
      this.#lastError = messageOf(thrown);
    }
  }

  /** Again and again, with longer and longer waits, until it is done or the connection ends. */
  async #until(signal: AbortSignal, action: () => Promise<void>): Promise<void> {
    let waitMs = retryMinMs;
    while (!signal.aborted && !(await this.#tried(action))) {
      await this.#parts.clock.sleep(waitMs * (0.5 + Math.random()), signal);
      waitMs = this.#longer(waitMs);
    }
  }

  async #tried(action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      this.#lastError = "";
      return true;
    } catch (thrown) {
      this.#failed(thrown);
      return false;
    }
  }

  #failed(thrown: unknown): void {
    const error = messageOf(thrown);
    this.#renewals("failed");
    if (error !== this.#lastError) this.#parts.log.warn("credentials not renewed", { error });
    this.#lastError = error;
  }
}

const noAddress =
  "the credentials have run out, and the aggregator's address was not kept: " +
  `run \`${agentProgramName()} enroll --renew --url URL\``;
