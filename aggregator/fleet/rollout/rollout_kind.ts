import type { AgentRecord } from "../agents.ts";
import type { Wanted } from "./rollout.ts";

/** What an agent says of a release that it was told to take, or to leave. */
export type ReleaseReport =
  | { readonly state: "pending" | "running" }
  | { readonly state: "failed"; readonly reason: string };

/** Which revisions agents are to have now. */
export type WantedReleases = {
  /** Of all releases that agents may have. */
  readonly names: readonly string[];
  /** undefined: the agent is to have none of this name. */
  of(agent: string, name: string): Wanted | undefined;
};

/** Something that can be rolled out. It knows who it is for, how it gets there, and how to read what agents say of it. */
export type RolloutKind = {
  /** Also in the catalog: never changed. */
  readonly kind: string;
  /** Which agents a revision is for; asked at every turn, because agents come, go, and change their labels. */
  audience(name: string, revision: string): Promise<(agent: AgentRecord) => boolean>;
  /**
   * Makes what agents are told equal to `wanted`. Called every few seconds, so it must be cheap where nothing changed. Throws OperatingError
   * when that is not possible now: it is then called again.
   */
  deliver(wanted: WantedReleases): Promise<void>;
  /** What an agent's last heartbeat says about `wanted`, which was delivered before. */
  report(agent: AgentRecord, name: string, wanted: Wanted | undefined): ReleaseReport;
};
