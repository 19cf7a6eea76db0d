import { defineReceiver, listensIf } from "../receiver.ts";
import { FluentConfig } from "./config.ts";

/** Fluentd's and Fluent Bit's Forward protocol, v1, over TCP or TLS. */
export const fluent = defineReceiver({
  type: "fluent",
  config: FluentConfig,
  emitsLogs: true,
  open: (config, context) =>
    listensIf(config.listen !== undefined, async () => {
      const { FluentReceiver } = await import("./fluent_receiver.ts");
      return new FluentReceiver(config, context);
    }),
});
