import type { AgentRecord } from "../agents.ts";
import type { Wanted } from "../rollout/rollout.ts";
import type { ReleaseReport, RolloutKind, WantedReleases } from "../rollout/rollout_kind.ts";

/** There is one program on a host. */
export const binaryName = "agent";
export const binaryKind = "binary";

/**
 * The agent's own program as something that is rolled out. Agents ask what they are to run (ReleaseServer), so what they are told is what the
 * last turn of rollouts left here; before there was one nobody is told anything.
 */
export class AgentBinary implements RolloutKind {
  readonly kind = binaryKind;
  #wanted: WantedReleases | undefined;

  /** undefined: not known yet. */
  wantedBy(agent: string): { readonly wanted: Wanted | undefined } | undefined {
    return this.#wanted && { wanted: this.#wanted.of(agent, binaryName) };
  }

  /** Those that bring themselves up to date. */
  async audience(): Promise<(agent: AgentRecord) => boolean> {
    return ({ heartbeat }) => heartbeat.update !== undefined;
  }

  async deliver(wanted: WantedReleases): Promise<void> {
    this.#wanted = wanted;
  }

  report({ heartbeat }: AgentRecord, _name: string, wanted: Wanted | undefined): ReleaseReport {
    const { update } = heartbeat;
    if (update === undefined)
      return { state: "failed", reason: "it does not bring itself up to date any more" };
    const { revision, rollout, state, wantedRollout, error } = update;
    if (wanted === undefined)
      return { state: revision === "" && state === "idle" ? "running" : "pending" };
    if (state === "failed" && wantedRollout === wanted.rollout)
      return { state: "failed", reason: error };
    const isIt = revision === wanted.revision && rollout === wanted.rollout;
    return { state: isIt && state === "idle" ? "running" : "pending" };
  }
}
