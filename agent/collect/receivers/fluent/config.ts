import { z } from "zod";
import { hostName } from "#shared/runtime/config/base_config.ts";
import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { listenAddress } from "../transport/listen_address.ts";
import { ServerTlsConfig } from "../transport/server_tls.ts";

const User = z.lazy(() => z.strictObject({ username: z.string().min(1), password: z.string() }));

/** Kubernetes' fields as Fluent Bit's filter writes them, and Docker's. */
const defaultLabelKeys = {
  "kubernetes.namespace_name": "namespace",
  "kubernetes.pod_name": "pod",
  "kubernetes.container_name": "container",
  container_name: "container",
  host: "host",
  hostname: "host",
  _HOSTNAME: "host",
  _SYSTEMD_UNIT: "unit",
};

export const FluentConfig = z.lazy(() =>
  z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Such as "0.0.0.0:24224"; nowhere by default, because it needs a port of its own. */
      listen: listenAddress.optional(),
      /** The port speaks TLS alone. */
      tls: ServerTlsConfig.optional(),
      /** Heartbeats over UDP on the same port are answered. */
      heartbeat: z.boolean().default(true),
      /** Asked of every sender where it is given. */
      shared_key: z.string().min(1).optional(),
      /** One of them is asked for beside the shared key. */
      users: z.array(User).default([]),
      /** How this server calls itself in the handshake. */
      server_name: z.string().min(1).default(hostName),
      /** Of a message as sent, and of what it unpacks to; a sender of a larger one is cut off. */
      message_size_max: byteSize.prefault("32MiB"),
      /** A longer line is cut there, and its end is not stored. */
      line_size_max: byteSize.prefault("256KiB"),
      connections_max: z.number().int().min(1).default(1_024),
      message_keys: z.array(z.string()).default(["log", "message", "msg", "MESSAGE"]),
      level_keys: z.array(z.string()).default(["level", "severity", "log_level", "PRIORITY"]),
      /** Keys of records that become labels, nested ones with dots, and the labels' names. */
      label_keys: z.record(z.string(), z.string()).default(defaultLabelKeys),
      /** Entries of a stream that belong together become one record; within a chunk where one is to be acknowledged. */
      multiline: MultilineConfig.optional(),
      /** Further labels of all streams. */
      labels: z.record(z.string(), z.string()).default({}),
      /** Rules over the labels, __fluent_tag and __fluent_record_*; a record that they drop is counted. */
      relabel_configs: z.array(RelabelConfig).default([]),
    })
    .refine((config) => config.users.length === 0 || config.shared_key !== undefined, {
      path: ["shared_key"],
      error: "expected one, because users are given",
    }),
);

export type FluentConfig = z.output<typeof FluentConfig>;
