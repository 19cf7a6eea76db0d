import { defineReceiver, listensIf } from "../receiver.ts";
import { StatsdConfig } from "./config.ts";

/** StatsD and DogStatsD over UDP, TCP and Unix sockets, aggregated here. */
export const statsd = defineReceiver({
  type: "statsd",
  config: StatsdConfig,
  emitsLogs: true,
  isOffUntilNamed: true,
  open: (config, context) =>
    listensIf(true, async () => {
      const { StatsdReceiver } = await import("./statsd_receiver.ts");
      return new StatsdReceiver(config, context);
    }),
});
