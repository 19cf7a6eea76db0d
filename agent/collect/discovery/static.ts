import { defineDiscovery, untilAborted } from "./discovery.ts";
import { TargetListEntry, groupOf } from "./target_list.ts";

export const StaticConfig = TargetListEntry;

/** Targets that stand in the configuration. */
export const staticDiscovery = defineDiscovery({
  type: "static",
  config: StaticConfig,
  async run(config, { update, signal }) {
    update([groupOf(config)]);
    await untilAborted(signal);
  },
});
