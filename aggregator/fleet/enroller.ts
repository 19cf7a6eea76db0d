import type { EnrolmentAnswer, EnrolmentRequest } from "#proto/fleet/enrolment.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { agentJwt } from "./agent_jwt.ts";
import { AttemptLimit } from "./attempt_limit.ts";
import { enrol, type Refusal } from "./enrolments.ts";
import type { OperatorKeys } from "./operator_keys.ts";
import { signingOf } from "./renewer.ts";

export type EnrollerParts = {
  readonly catalog: Pick<Catalog, "transaction">;
  /** Read anew each time: a person may have exchanged them. */
  readonly keys: () => Promise<OperatorKeys>;
  readonly ttlMs: number;
  /** How agents reach NATS. */
  readonly servers: readonly string[];
  /** Who signs releases of the agent's program. */
  readonly releaseKeys: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};

export type Enrolled =
  | { readonly answer: EnrolmentAnswer }
  | { readonly refusal: Refusal | "too_many" };

/** Takes hosts in that show a token, and counts those it does not. */
export class Enroller {
  readonly #parts: EnrollerParts;
  readonly #limit: AttemptLimit;
  readonly #count: (result: string) => void;

  constructor(parts: EnrollerParts) {
    this.#parts = parts;
    this.#limit = new AttemptLimit(parts.clock);
    const attempts = parts.metrics.counter(
      "lapwing_fleet_enrolments_total",
      "Hosts that asked for credentials, by what became of it.",
      ["result"],
    );
    this.#count = (result) => attempts.inc({ result });
  }

  /** Throws OperatingError when the catalog can't be used. */
  async enrol(request: EnrolmentRequest): Promise<Enrolled> {
    const { catalog, servers, releaseKeys, clock, log, ttlMs } = this.#parts;
    const { agent, name, public_key: publicKey } = request;
    if (!this.#limit.take()) {
      this.#count("too_many");
      return { refusal: "too_many" };
    }
    const keys = await this.#parts.keys();
    const signing = signingOf(keys, clock.now(), ttlMs);
    const enrolment = await enrol(catalog, request, signing);
    if (enrolment.result === "refused") {
      this.#count(enrolment.reason);
      log.warn("enrolment refused", { agent, name, reason: enrolment.reason });
      return { refusal: enrolment.reason };
    }
    const { result, tenant, labels } = enrolment;
    this.#count(result);
    log.info("agent enrolled", { tenant, agent, name, repeated: result === "repeated" });
    const jwt = await agentJwt(keys, { tenant, agent, publicKey }, signing.expiresMs);
    return {
      answer: { jwt, tenant, servers: [...servers], labels, release_keys: [...releaseKeys] },
    };
  }
}
