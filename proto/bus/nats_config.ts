import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

const hasNoSecret = (url: string): boolean => !url.includes("@");
/** Text that must never be shown. Files are read anew at every connection, so they can be exchanged. */
const secret = z.string().min(1);
const file = z.string().min(1);

/** How to reach NATS; the same for agents and aggregators. */
export const NatsConfig = z.lazy(() =>
  z
    .strictObject({
      /** nats://host:port or tls://host:port; tried in random order. */
      servers: z
        .array(
          z.string().refine(hasNoSecret, "must not hold user or password: use the keys for it"),
        )
        .min(1)
        .default(["nats://127.0.0.1:4222"]),
      token: secret.optional(),
      token_file: file.optional(),
      user: z.string().min(1).optional(),
      password: secret.optional(),
      password_file: file.optional(),
      /** An NKey user's seed ("SU..."). */
      nkey_seed: secret.optional(),
      nkey_seed_file: file.optional(),
      /** A JWT user's credentials, as `nsc` writes them. */
      creds_file: file.optional(),
      tls: z
        .strictObject({
          /** Authorities to trust instead of the system's. */
          ca_file: file.optional(),
          cert_file: file.optional(),
          key_file: file.optional(),
        })
        .optional(),
      /** The first wait after a lost connection; doubled, with jitter, up to the maximum. */
      reconnect_wait: duration.prefault("250ms"),
      reconnect_wait_max: duration.prefault("10s"),
    })
    .refine(
      (nats) =>
        [
          nats.token ?? nats.token_file,
          nats.user,
          nats.nkey_seed ?? nats.nkey_seed_file,
          nats.creds_file,
        ].filter((one) => one !== undefined).length <= 1,
      { path: ["token"], error: "token, user, nkey_seed and creds_file exclude each other" },
    )
    .refine((nats) => (nats.tls?.cert_file === undefined) === (nats.tls?.key_file === undefined), {
      path: ["tls"],
      error: "cert_file and key_file belong together",
    }),
);
export type NatsConfig = z.output<typeof NatsConfig>;
