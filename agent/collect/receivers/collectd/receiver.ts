import { defineReceiver, listensIf } from "../receiver.ts";
import { CollectdConfig } from "./config.ts";

/** collectd's network protocol over UDP, plain, signed and encrypted. */
export const collectd = defineReceiver({
  type: "collectd",
  config: CollectdConfig,
  emitsLogs: false,
  isOffUntilNamed: true,
  open: (config, context) =>
    listensIf(true, async () => {
      const { CollectdReceiver } = await import("./collectd_receiver.ts");
      return new CollectdReceiver(config, context);
    }),
});
