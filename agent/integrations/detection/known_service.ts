import { type AnyIntegration, type BoundInstance, bindFound } from "../config.ts";
import type { Finding } from "../integration.ts";

export type Options = Readonly<Record<string, unknown>>;

/** A service that was found, now or before. */
export type KnownService = {
  readonly integration: AnyIntegration;
  /** Label `instance`. */
  readonly instance: string;
  readonly options: Options;
  /** Of the last round; undefined where that did not find it. */
  readonly finding: Finding<Options> | undefined;
  /** Unix milliseconds. */
  readonly foundMs: number;
  /** Whether the configuration names it. */
  readonly isNamed: boolean;
  /** What watches it, where the configuration does not name it and it needs nothing. */
  readonly bound: BoundInstance | undefined;
  /** Why its options are not of the integration's schema; empty where they are. */
  readonly problem: string;
};

/** A finding put to the integration's own schema. What it needs is taken as given, so that it has its name. */
export type JudgedFinding = Pick<KnownService, "integration" | "instance" | "bound" | "problem"> & {
  readonly finding: Finding<Options>;
};

export function judgeFinding(
  integration: AnyIntegration,
  finding: Finding<Options>,
): JudgedFinding {
  const { options, needs } = finding;
  const examples = Object.fromEntries(needs.map(({ key, example }) => [key, example]));
  const made = bindFound(integration, { ...options, ...examples });
  if ("problem" in made) {
    const text = Object.values(options).find((value) => typeof value === "string");
    return {
      integration,
      finding,
      instance: text ?? integration.name,
      bound: undefined,
      problem: made.problem,
    };
  }
  const { bound } = made;
  const isReady = needs.length === 0;
  return {
    integration,
    finding,
    instance: bound.instance,
    bound: isReady ? bound : undefined,
    problem: "",
  };
}

/** The service as it is known after a finding. */
export function knownAfter(
  before: KnownService | undefined,
  judged: JudgedFinding,
  nowMs: number,
  isNamed: boolean,
): KnownService {
  const { integration, instance, finding, problem } = judged;
  const { options } = finding;
  const given = { integration, instance, finding, problem, foundMs: nowMs, isNamed };
  if (isNamed) return { ...given, options, bound: undefined };
  if (before?.bound === undefined) return { ...given, options, bound: judged.bound };
  // What ran before a password was set goes on: people shall see that it is refused now.
  const isSame =
    judged.bound === undefined || judged.bound.fingerprint === before.bound.fingerprint;
  return isSame
    ? { ...given, options: before.options, bound: before.bound }
    : { ...given, options, bound: judged.bound };
}
