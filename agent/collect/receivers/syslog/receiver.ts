import { defineReceiver, listensIf } from "../receiver.ts";
import { SyslogConfig } from "./config.ts";

/** Syslog, RFC 5424 and 3164, over UDP, TCP (RFC 6587) and TLS (RFC 5425). */
export const syslog = defineReceiver({
  type: "syslog",
  config: SyslogConfig,
  emitsLogs: true,
  open: (config, context) =>
    listensIf(
      [config.udp_listen, config.tcp_listen, config.tls_listen].some(
        (listen) => listen !== undefined,
      ),
      async () => {
        const { SyslogReceiver } = await import("./syslog_receiver.ts");
        return new SyslogReceiver(config, context);
      },
    ),
});
