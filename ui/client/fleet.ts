import { z } from "zod";
import { fetchJson, fetchText } from "./transport.ts";

/** What an aggregator says of agents' configurations, releases and enrolment (docs/configuration.md, fleet.md, updates.md). */
const base = "/api/v1/fleet";

const Layer = z.object({ name: z.string(), revision: z.string() });
const FleetAgent = z.object({
  agent: z.string(),
  source: z.string(),
  wanted: z.array(Layer),
  running: z.array(Layer),
  state: z.string(),
  reason: z.string(),
});
/** What an agent is to run, beside what it runs. */
export type FleetAgent = z.output<typeof FleetAgent>;

const Rollout = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  revision: z.string(),
  previous: z.object({ revision: z.string() }).optional(),
  plan: z.object({
    stages: z.array(z.string()),
    soak: z.number(),
    failures_max: z.number(),
  }),
  state: z.string(),
  stage: z.number(),
  reason: z.string(),
  actor: z.string(),
  createdMs: z.number(),
  stateMs: z.number(),
  endedMs: z.number().optional(),
});
/** How a release of a configuration, or of the agents' program, goes to the agents. */
export type Rollout = z.output<typeof Rollout>;

const RolloutAgent = z.object({ agent: z.string(), state: z.string(), reason: z.string() });
export type RolloutAgent = z.output<typeof RolloutAgent>;

const Releases = z.object({
  releases: z.array(
    z.object({
      revision: z.string(),
      version: z.string(),
      sequence: z.number(),
      publishedMs: z.number(),
    }),
  ),
  /** The newest first. */
  rollouts: z.array(Rollout),
  /** Of the newest rollout. */
  agents: z.array(RolloutAgent),
});
export type Releases = z.output<typeof Releases>;

const Enrolments = z.object({
  can_enrol: z.boolean(),
  may_change: z.boolean(),
  servers: z.array(z.string()),
  tokens: z.array(
    z.object({
      id: z.string(),
      labels: z.record(z.string(), z.string()),
      uses: z.number(),
      usesMax: z.number(),
      createdMs: z.number(),
      expiresMs: z.number(),
      revokedMs: z.number().optional(),
    }),
  ),
  agents: z.array(
    z.object({
      agent: z.string(),
      name: z.string(),
      token: z.string(),
      enrolledMs: z.number(),
      expiresMs: z.number().optional(),
      revokedMs: z.number().optional(),
      isRevocationSent: z.boolean(),
    }),
  ),
});
/** Who may send: tokens that hosts enrol with, and those enrolled. */
export type Enrolments = z.output<typeof Enrolments>;
export type TokenRow = Enrolments["tokens"][number];

const MadeToken = z.object({
  token: z.string(),
  id: z.string(),
  expiresMs: z.number(),
  usesMax: z.number(),
});
/** A token just made; its text is told this once. */
export type MadeToken = z.output<typeof MadeToken>;

export type TokenTerms = {
  readonly ttl: string;
  readonly uses: number;
  readonly labels: Readonly<Record<string, string>>;
};
export type RolloutCommand = "pause" | "resume" | "rollback";

/** Null where agent and aggregator are one process, which has no fleet. */
export function listFleetAgents(signal?: AbortSignal): Promise<FleetAgent[] | null> {
  const Answer = z.object({ agents: z.array(FleetAgent) });
  return ofFleet("agents", Answer, signal).then((answer) => answer?.agents ?? null);
}

/** From what an agent runs to what it is to run, as a patch; empty where nothing differs. */
export function agentDifference(agent: string, signal?: AbortSignal): Promise<string> {
  return fetchText({
    path: `${base}/agents/${encodeURIComponent(agent)}/diff`,
    params: {},
    signal,
  });
}

/** The newest rollout of each configuration. */
export function listConfigurationRollouts(signal?: AbortSignal): Promise<Rollout[] | null> {
  const Answer = z.object({ rollouts: z.array(Rollout) });
  return ofFleet("configurations", Answer, signal).then((answer) => answer?.rollouts ?? null);
}

/** The agents of the newest rollout of a configuration. */
export async function configurationRolloutAgents(
  name: string,
  signal?: AbortSignal,
): Promise<RolloutAgent[]> {
  const path = `${base}/configurations/${encodeURIComponent(name)}/rollouts`;
  const Answer = z.object({ agents: z.array(RolloutAgent) });
  return (await fetchJson({ path, params: {}, signal }, Answer)).agents;
}

export function readReleases(signal?: AbortSignal): Promise<Releases | null> {
  return ofFleet("releases", Releases, signal);
}

export function readEnrolments(signal?: AbortSignal): Promise<Enrolments | null> {
  return ofFleet("enrolments", Enrolments, signal);
}

export function createToken(terms: TokenTerms): Promise<MadeToken> {
  return fetchJson({ path: `${base}/tokens`, params: {}, body: terms }, MadeToken);
}

export async function revokeToken(id: string): Promise<void> {
  const path = `${base}/tokens/${encodeURIComponent(id)}/revoke`;
  await fetchText({ path, params: {}, body: {} });
}

/** Cuts the agent off: what it sent stays. */
export async function revokeAgent(agent: string): Promise<void> {
  const path = `${base}/agents/${encodeURIComponent(agent)}/revoke`;
  await fetchText({ path, params: {}, body: {} });
}

/** Of the newest rollout of a release. */
export async function commandRollout(
  { kind, name }: Pick<Rollout, "kind" | "name">,
  command: RolloutCommand,
): Promise<void> {
  const of = kind === "configuration" ? `configurations/${encodeURIComponent(name)}` : "releases";
  await fetchText({ path: `${base}/${of}/${command}`, params: {}, body: {} });
}

function ofFleet<Schema extends z.ZodType>(
  list: string,
  answer: Schema,
  signal: AbortSignal | undefined,
): Promise<z.output<Schema> | null> {
  return fetchJson({ path: `${base}/${list}`, params: {}, signal }, answer.nullable());
}
