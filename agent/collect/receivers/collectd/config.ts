import { z } from "zod";
import { duration } from "#shared/text/duration.ts";
import { listenAddress } from "../transport/listen_address.ts";

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name");

export const CollectdConfig = z.lazy(() =>
  z
    .strictObject({
      /** The receiver is off where it is not named at all. */
      enabled: z.boolean().default(true),
      /** collectd's port. */
      udp_listen: listenAddress.default("127.0.0.1:25826"),
      /** What a packet must be at least; what is signed or encrypted is checked in any case where there are users. */
      security_level: z.enum(["none", "sign", "encrypt"]).default("none"),
      users: z
        .array(z.strictObject({ username: z.string().min(1), password: z.string() }))
        .default([]),
      /** Files that name the values of types, as collectd has them; the usual types are known without. */
      types_db: z.array(z.string().min(1)).default([]),
      /** Of all series. */
      labels: z.record(labelName, z.string()).default({}),
      /** Series remembered; new ones over it are refused until others were idle. */
      series_max: z.number().int().min(1).default(500_000),
      /** After so long without a sample a series gives up its place where room is wanted. */
      series_idle: duration.prefault("1h"),
    })
    .refine((config) => config.security_level === "none" || config.users.length > 0, {
      path: ["users"],
      error: "expected some, because of security_level",
    }),
);
export type CollectdConfig = z.output<typeof CollectdConfig>;
