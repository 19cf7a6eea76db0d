import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { listenAddress } from "../transport/listen_address.ts";
import { ServerTlsConfig } from "../transport/server_tls.ts";
import { zoneOffsets } from "./zone_offsets.ts";

const timeZone = z.string().refine(isTimeZone, {
  error: 'expected a time zone, such as "Europe/Berlin", or "local"',
});

export const SyslogConfig = z.lazy(() =>
  z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Such as "0.0.0.0:514"; nowhere by default, because each needs a port of its own. */
      udp_listen: listenAddress.optional(),
      tcp_listen: listenAddress.optional(),
      /** Over TLS; needs `tls`. */
      tls_listen: listenAddress.optional(),
      tls: ServerTlsConfig.optional(),
      /** A longer message is cut there, and its end is not stored. */
      line_size_max: byteSize.prefault("256KiB"),
      /** TCP and TLS each; the next one is refused. */
      connections_max: z.number().int().min(1).default(1_024),
      /** Zone of times that name none, as those of RFC 3164. */
      time_zone: timeZone.default("local"),
      /** Messages of a stream that belong together become one record. */
      multiline: MultilineConfig.optional(),
      /** Further labels of all streams. */
      labels: z.record(z.string(), z.string()).default({}),
      /** Rules over the labels and __syslog_* (docs/receivers.md); a message whose labels are dropped is counted. */
      relabel_configs: z.array(RelabelConfig).default([]),
    })
    .refine((config) => config.tls_listen === undefined || config.tls !== undefined, {
      path: ["tls"],
      error: "expected cert_file and key_file, because tls_listen is given",
    }),
);

export type SyslogConfig = z.output<typeof SyslogConfig>;

/** The zone of this host is named by the runtime. */
export function zoneOf(name: string) {
  return zoneOffsets(name === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : name);
}

function isTimeZone(name: string): boolean {
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}
