import {
  type RenewalAnswer,
  type RenewalRefusal,
  RenewalRequest,
  isSignedByItsKey,
} from "#proto/fleet/renewal.ts";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { agentJwt, rightsMark } from "./agent_jwt.ts";
import { type Signing, confirmKey, offerKey } from "./agent_keys.ts";
import { AttemptLimit } from "./attempt_limit.ts";
import type { OperatorKeys } from "./operator_keys.ts";

export type RenewerParts = {
  readonly catalog: Pick<Catalog, "transaction">;
  /** Read anew each time: a person may have exchanged them. */
  readonly keys: () => Promise<OperatorKeys>;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** A key was replaced: nats-server is to be told. */
  readonly onReplaced: () => void;
};

/** Until when credentials hold that are signed now: whole seconds, as a JWT has them. */
export function signingOf(keys: OperatorKeys, nowMs: number, ttlMs: number): Signing {
  const expiresMs = Math.floor((nowMs + ttlMs) / 1_000) * 1_000;
  return { nowMs, expiresMs, signer: keys.signing.getPublicKey(), rights: rightsMark() };
}

/** Exchanges agents' keys, over NATS and over HTTP, and counts what becomes of it. */
export class Renewer {
  readonly #parts: RenewerParts;
  readonly #limit: AttemptLimit;
  readonly #count: (result: string) => void;

  constructor(parts: RenewerParts) {
    this.#parts = parts;
    this.#limit = new AttemptLimit(parts.clock);
    const renewals = parts.metrics.counter(
      "lapwing_fleet_renewals_total",
      "Requests of agents to exchange their keys, by what became of them.",
      ["result"],
    );
    this.#count = (result) => renewals.inc({ result });
  }

  /** Never throws. `sender` is whom the subject names that it came by; absent over HTTP, where the signature says it alone. */
  async answer(
    body: unknown,
    sender?: { readonly tenant: string; readonly agent: string },
  ): Promise<RenewalAnswer> {
    const answer = await this.#answer(body, sender);
    if ("refused" in answer) this.#count(answer.refused);
    else this.#count("jwt" in answer ? "offered" : "confirmed");
    return answer;
  }

  async #answer(
    body: unknown,
    sender: { readonly tenant: string; readonly agent: string } | undefined,
  ): Promise<RenewalAnswer> {
    const parsed = RenewalRequest.safeParse(body);
    if (!parsed.success) return { refused: "malformed" };
    const request = parsed.data;
    const { tenant, agent } = request;
    if (sender !== undefined && (sender.tenant !== tenant || sender.agent !== agent))
      return { refused: "malformed" };
    if (!this.#limit.take()) return { refused: "unavailable" };
    if (!isSignedByItsKey(request)) return this.#refuse(request, "bad_signature");
    try {
      return await this.#exchange(request);
    } catch (thrown) {
      this.#parts.log.warn("a key could not be exchanged", { agent, error: messageOf(thrown) });
      return { refused: "unavailable" };
    }
  }

  async #exchange(request: RenewalRequest): Promise<RenewalAnswer> {
    const { catalog, clock, log, ttlMs, graceMs, onReplaced } = this.#parts;
    const { tenant, agent, key } = request;
    if (request.kind === "confirm") {
      const exchange = await confirmKey(catalog, { tenant, agent, key }, clock.now());
      if (exchange.result === "refused") return this.#refuse(request, exchange.reason);
      onReplaced();
      log.info("an agent uses its key", { tenant, agent, public_key: key });
      return { confirmed: true };
    }
    const keys = await this.#parts.keys();
    const signing = signingOf(keys, clock.now(), ttlMs);
    const asked = { tenant, agent, key, newKey: request.new_key, graceMs };
    const exchange = await offerKey(catalog, asked, signing);
    if (exchange.result === "refused") return this.#refuse(request, exchange.reason);
    const signed = { tenant, agent, publicKey: request.new_key };
    return { jwt: await agentJwt(keys, signed, signing.expiresMs) };
  }

  #refuse({ tenant, agent, key }: RenewalRequest, refused: RenewalRefusal): RenewalAnswer {
    this.#parts.log.warn("renewal refused", { tenant, agent, public_key: key, reason: refused });
    return { refused };
  }
}
