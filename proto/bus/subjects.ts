import { OperatingError } from "#shared/errors.ts";
import { builtInSignals, isSignal, type Signal, type Signals } from "#shared/signals.ts";

/**
 * Every NATS name, once.
 *
 *     lapwing.<tenant>.<signal>.<agent>      frames, kept by the stream LAPWING_<SIGNAL>
 *     lapwing.<tenant>.control.<agent>       aggregator to agent: Control, answered by ControlReply
 *     lapwing.<tenant>.heartbeat.<agent>     agent to aggregator: Heartbeat, answered by HeartbeatReply
 *     lapwing.<tenant>.renew.<agent>         agent to aggregator: RenewalRequest (JSON), answered by RenewalAnswer
 *     lapwing.<tenant>.release.<agent>       agent to aggregator: ReleaseRequest (JSON), answered by WantedRelease or bytes
 *     $KV.LAPWING_CONFIGURATION_<tenant>.<agent>     what an agent is to run: WantedConfiguration (JSON)
 *
 * So permissions can be given by tenant and by agent.
 */
export type SubjectKind = Signal | "control" | "heartbeat" | "renew" | "release";
export type Subject = {
  readonly tenant: string;
  readonly kind: SubjectKind;
  readonly agent: string;
};

/** A tenant or an agent as it may stand in a subject: no dots, no wildcards, no spaces. */
const tokenShape = /^[0-9a-z][0-9a-z_-]{0,62}$/;

/** Throws OperatingError("bad_request") for a name that can't be part of a subject. */
export function subjectOf({ tenant, kind, agent }: Subject): string {
  for (const token of [tenant, agent])
    if (!tokenShape.test(token))
      throw new OperatingError("bad_request", `"${token}" can't be part of a NATS subject`);
  return `lapwing.${tenant}.${kind}.${agent}`;
}

/** undefined for a subject that is none of ours. */
export function parseSubject(subject: string): Subject | undefined {
  const [root, tenant = "", kind, agent = "", ...rest] = subject.split(".");
  if (root !== "lapwing" || !isKind(kind) || rest.length > 0) return undefined;
  return tokenShape.test(tenant) && tokenShape.test(agent) ? { tenant, kind, agent } : undefined;
}

/** All kinds have the shape of a signal's name. */
function isKind(kind: string | undefined): kind is SubjectKind {
  return isSignal(kind);
}

/** Where answers to an agent's own requests go. Never the client's common "_INBOX.>": whoever may read that reads everybody's answers. */
export function inboxPrefixOf({ tenant, agent }: Omit<Subject, "kind">): string {
  return `_INBOX.${tenant}.${agent}`;
}

/** Whether an answer may go there: an inbox. A sender names this subject, and anything else would let it speak in our name. */
export function isInbox(reply: string | undefined): boolean {
  return reply?.startsWith("_INBOX.") === true;
}

/** All that an agent may publish to and subscribe to; beside it, it may answer what it was asked. */
export function agentRights(
  { tenant, agent }: Omit<Subject, "kind">,
  signals: Signals = builtInSignals,
): {
  readonly publish: string[];
  readonly subscribe: string[];
} {
  const sent: readonly SubjectKind[] = [...signals.names, "heartbeat", "renew", "release"];
  return {
    publish: [
      ...sent.map((kind) => subjectOf({ tenant, kind, agent })),
      // Reads the last value of its own key, and of no other: the key is part of the subject.
      `$JS.API.DIRECT.GET.KV_${configurationBucket(tenant)}.${configurationSubject({ tenant, agent })}`,
    ],
    subscribe: [
      subjectOf({ tenant, kind: "control", agent }),
      configurationSubject({ tenant, agent }),
      `${inboxPrefixOf({ tenant, agent })}.>`,
    ],
  };
}

/** The key-value bucket of what a tenant's agents are to run; each has a key of its own, named by its id. */
export function configurationBucket(tenant: string): string {
  return `LAPWING_CONFIGURATION_${tenant}`;
}

/** Where changes of an agent's key are heard (https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md). */
export function configurationSubject({ tenant, agent }: Omit<Subject, "kind">): string {
  return `$KV.${configurationBucket(tenant)}.${agent}`;
}

export const allHeartbeats = "lapwing.*.heartbeat.*";
export const allRenewals = "lapwing.*.renew.*";
export const allReleaseRequests = "lapwing.*.release.*";

export function streamName(signal: Signal): string {
  return `LAPWING_${signal.toUpperCase()}`;
}

/** The subjects that a signal's stream keeps, of all tenants and agents. */
export function streamSubjects(signal: Signal): string {
  return `lapwing.*.${signal}.*`;
}
