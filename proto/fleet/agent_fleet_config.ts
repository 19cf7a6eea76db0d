import { z } from "zod";

/** Where an agent's configuration comes from, and what it lets in; keys of `fleet` that an agent reads. */
export const agentFleetShape = () => ({
  /**
   * local: its own file alone. merged: what the aggregator wants is laid over the file. remote: of the file only what is the host's own; all that is
   * collected is what the aggregator wants.
   */
  configuration: z.enum(["local", "merged", "remote"]).default("local"),
  /** Whether the aggregator may have this host run programs, such as scripts. */
  allow_commands: z.boolean().default(false),
});
