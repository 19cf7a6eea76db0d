import { create, toBinary } from "@bufbuild/protobuf";
import type { Msg, NatsConnection } from "nats";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import { NatsLink } from "#proto/bus/nats_link.ts";
import { allRenewals, isInbox, parseSubject, subjectOf } from "#proto/bus/subjects.ts";
import { ControlSchema, RenewCredentialsSchema } from "#proto/gen/v1/control_pb.js";
import { together } from "#shared/async/together.ts";
import { Wakeup } from "#shared/async/wakeup.ts";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { rightsMark } from "./agent_jwt.ts";
import { agentsDue } from "./agent_keys.ts";
import { forgetReplacedKeys, revokedKeys } from "./enrolments.ts";
import type { OperatorKeys } from "./operator_keys.ts";
import type { Renewer } from "./renewer.ts";
import { pushRevocations } from "./revocations.ts";
import type { ReleaseServer } from "./updates/release_server.ts";

export type FleetLinkParts = {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly keys: () => Promise<OperatorKeys>;
  readonly graceMs: number;
  readonly clock: Clock;
  /** What depends on the wall clock deletes nothing while this is false. */
  readonly isClockTrusted: () => boolean;
  readonly log: Logger;
  readonly releases: Pick<ReleaseServer, "listen">;
};

/** Of a request: two keys, a signature and names. */
const requestBytesMax = 4_096;
/** The catalog is looked at so often for what the command line has revoked. */
const revocationsIntervalMs = 15_000;
/** Revocations of one moment go together. */
const gatherMs = 500;
/** So often the account is compared with the catalog: a server's folder may have been lost. */
const compareIntervalMs = 300_000;
const dueIntervalMs = 15_000;
/** Agents that are asked at once to exchange their keys. */
const dueMax = 50;

/**
 * The aggregator's side of agents' keys, over a connection of its own: answers renewals, asks agents that are late with one, and
 * hands revocations to nats-server, again and again until it takes them.
 */
export class FleetLink {
  readonly #config: NatsConfig;
  readonly #parts: FleetLinkParts;
  readonly #link: NatsLink;
  readonly #stopped = new AbortController();
  readonly #revoked = new Wakeup();
  #renewer: Renewer | undefined;
  #sending: Promise<void> = Promise.resolve();
  #comparedMs = Number.NEGATIVE_INFINITY;

  constructor(config: NatsConfig, parts: FleetLinkParts) {
    this.#config = config;
    this.#parts = parts;
    const { clock, log } = parts;
    this.#link = new NatsLink(config, { clock, log, name: "lapwing fleet" }, (nats, signal) =>
      this.#session(nats, signal),
    );
  }

  start(renewer: Renewer): void {
    this.#renewer = renewer;
    this.#link.start();
    this.#sending = this.#sendRevocations();
  }

  /** There is a key to revoke. */
  wake(): void {
    this.#revoked.wake();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    this.#revoked.wake();
    await this.#link.close();
    await this.#sending;
  }

  async #session(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    nats.subscribe(allRenewals, {
      callback: (error, message) => {
        if (error === null) void this.#hear(message);
        else this.#parts.log.error("renewals not subscribed", { error: messageOf(error) });
      },
    });
    this.#parts.releases.listen(nats);
    await together(signal, [(ended) => this.#askDue(nats, ended)]);
  }

  async #hear(message: Msg): Promise<void> {
    const sender = parseSubject(message.subject);
    // An answer to another subject than an inbox would be ours by its look.
    if (sender === undefined || this.#renewer === undefined || !isInbox(message.reply)) return;
    const answer = await this.#renewer.answer(bodyOf(message), sender);
    message.respond(JSON.stringify(answer));
  }

  /** Those whose clocks are wrong, and all whose credentials an old key has signed or lack a right of this release. */
  async #askDue(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const { catalog, clock, log } = this.#parts;
    const value = create(RenewCredentialsSchema);
    const kind = { case: "renewCredentials", value } as const;
    const order = toBinary(ControlSchema, create(ControlSchema, { kind }));
    while (!signal.aborted) {
      try {
        const signer = (await this.#parts.keys()).signing.getPublicKey();
        const due = await agentsDue(catalog, { signer, rights: rightsMark(), nowMs: clock.now() });
        for (const { tenant, agent } of picked(due, dueMax))
          nats.publish(subjectOf({ tenant, kind: "control", agent }), order);
      } catch (thrown) {
        log.warn("agents could not be asked to renew", { error: messageOf(thrown) });
      }
      await clock.sleep(dueIntervalMs, signal);
    }
  }

  async #sendRevocations(): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopped;
    let trouble = "";
    while (!signal.aborted) {
      try {
        await this.#sendOnce();
        trouble = "";
      } catch (thrown) {
        const error = messageOf(thrown);
        if (error !== trouble) log.warn("revocations not sent, tried again", { error });
        trouble = error;
      }
      const waited = new AbortController();
      const timer = clock.sleep(revocationsIntervalMs, AbortSignal.any([signal, waited.signal]));
      await Promise.race([timer, this.#revoked.wait()]);
      waited.abort();
      await clock.sleep(gatherMs, signal);
    }
  }

  async #sendOnce(): Promise<void> {
    const { catalog, clock, graceMs } = this.#parts;
    const nowMs = clock.now();
    const isUnsent = (await revokedKeys(catalog)).some(({ isSent }) => !isSent);
    const isCompareDue = clock.monotonic() - this.#comparedMs > compareIntervalMs;
    if (!isUnsent && !isCompareDue) return;
    const isClockTrusted = this.#parts.isClockTrusted();
    const time = { nowMs, isClockTrusted };
    await pushRevocations(this.#config, await this.#parts.keys(), catalog, time);
    this.#comparedMs = clock.monotonic();
    if (isClockTrusted) await forgetReplacedKeys(catalog, nowMs - graceMs);
  }
}

function bodyOf(message: Msg): unknown {
  try {
    return message.data.length > requestBytesMax ? undefined : message.json();
  } catch {
    return undefined;
  }
}

/** Some of them, by lot: those that are away must not take the places of others for ever. */
function picked<Item>(items: readonly Item[], max: number): Item[] {
  return items
    .map((item) => ({ item, lot: Math.random() }))
    .toSorted((a, b) => a.lot - b.lot)
    .slice(0, max)
    .map(({ item }) => item);
}
