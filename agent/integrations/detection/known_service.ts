import { type AnyIntegration, type BoundInstance, bindFound } from "../config.ts";
import type { Finding } from "../integration.ts";
import { snippetOf } from "../snippet.ts";

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
  /** As the configuration would have it, with examples in place of what it needs; undefined where its options are not of the integration's schema. */
  readonly bound: BoundInstance | undefined;
  /** Whether it is watched without being named. */
  readonly runs: boolean;
  /** What is wrong with its options; empty where nothing is. */
  readonly problem: string;
  /** YAML that names it in the configuration. */
  readonly snippet: string;
};

/** A finding put to the integration's own schema. */
type JudgedFinding = Pick<
  KnownService,
  "integration" | "instance" | "bound" | "problem" | "snippet"
> & {
  readonly finding: Finding<Options>;
};

/** Puts findings to the schemas of their integrations. What was found in the same words in the round before is not judged anew: each time would compile megabytes of code. */
export class FindingJudge {
  #before: ReadonlyMap<string, JudgedFinding> = new Map();
  #round = new Map<string, JudgedFinding>();

  /** A round begins. */
  begin(): void {
    this.#before = this.#round;
    this.#round = new Map();
  }

  judge(integration: AnyIntegration, finding: Finding<Options>, intervalMs: number): JudgedFinding {
    const key = JSON.stringify([integration.name, finding.options, finding.needs, intervalMs]);
    const known = this.#before.get(key);
    const judged =
      known === undefined ? judgeFinding(integration, finding, intervalMs) : { ...known, finding };
    this.#round.set(key, judged);
    return judged;
  }
}

function judgeFinding(
  integration: AnyIntegration,
  finding: Finding<Options>,
  intervalMs: number,
): JudgedFinding {
  const { options, needs } = finding;
  const examples = Object.fromEntries(needs.map(({ key, example }) => [key, example]));
  const made = bindFound(integration, { ...options, ...examples }, intervalMs);
  const snippet = snippetOf([{ integration: integration.name, options, needs }]);
  if ("bound" in made) {
    const { bound } = made;
    return { integration, finding, instance: bound.instance, bound, problem: "", snippet };
  }
  const { problem } = made;
  const text = Object.values(options).find((value) => typeof value === "string");
  const instance = text ?? integration.name;
  return { integration, finding, instance, bound: undefined, problem, snippet };
}

/** The service as it is known after a finding. */
export function knownAfter(
  before: KnownService | undefined,
  judged: JudgedFinding,
  nowMs: number,
  isNamed: boolean,
): KnownService {
  const { integration, instance, finding, problem, bound, snippet } = judged;
  const { options, needs } = finding;
  const given = { integration, instance, finding, problem, foundMs: nowMs, isNamed, snippet };
  const isReady = !isNamed && bound !== undefined && needs.length === 0;
  // What ran before a password was set goes on: people shall see that it is refused now.
  const goesOn = !isNamed && before?.runs === true;
  const isSame = bound?.fingerprint === before?.bound?.fingerprint;
  if (goesOn && (!isReady || isSame))
    return { ...given, options: before.options, bound: before.bound, runs: true };
  return { ...given, options, bound, runs: isReady };
}
