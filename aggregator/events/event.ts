/** What is told of. */
export type EventKind =
  | "agent_joined"
  | "agent_stopped"
  | "agent_silent"
  | "agent_back"
  | "agent_forgotten"
  | "agent_restarted"
  | "agent_version"
  | "agent_configuration"
  | "clock_jump"
  | "rollout"
  | "dashboard_saved"
  | "dashboard_deleted"
  | "aggregator_started"
  | "storage_fault"
  | "storage_well"
  | "maintenance_failed";

/** Something that changed, told to people. */
export type Happening = {
  readonly tenant: string;
  readonly atMs: number;
  readonly kind: EventKind;
  readonly level: "info" | "warning" | "error";
  /** Id and name of the agent that it is about; empty where it is about none. */
  readonly agent: string;
  readonly agentName: string;
  /** One sentence. */
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
};

/** As it is read: a newer version may have told of other kinds. */
export type StoredEvent = Omit<Happening, "kind"> & { readonly id: string; readonly kind: string };
