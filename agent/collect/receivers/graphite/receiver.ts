import { defineReceiver, listensIf } from "../receiver.ts";
import { GraphiteConfig } from "./config.ts";

/** Carbon's plaintext protocol over TCP and UDP: graphite.readthedocs.io, "Feeding In Your Data". */
export const graphite = defineReceiver({
  type: "graphite",
  config: GraphiteConfig,
  emitsLogs: false,
  isOffUntilNamed: true,
  open: (config, context) =>
    listensIf(true, async () => {
      const { GraphiteReceiver } = await import("./graphite_receiver.ts");
      return new GraphiteReceiver(config, context);
    }),
});
