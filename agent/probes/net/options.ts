import { z } from "zod";
import { tlsFaults, tlsShape } from "#shared/http/client_config.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";

/** Keys of address selection that most probers have. */
export const ipShape = {
  preferred_ip_protocol: z.enum(["ip4", "ip6"]).default("ip6"),
  /** Whether an address of the other protocol does, too. */
  ip_protocol_fallback: z.boolean().default(true),
} as const;
const IpChoice = z.object(ipShape);
export type IpChoice = z.output<typeof IpChoice>;

const TlsVersion = z.enum(["TLS10", "TLS11", "TLS12", "TLS13"]);

export const ProbeTls = z
  .strictObject({
    ...tlsShape(),
    min_version: TlsVersion.optional(),
    max_version: TlsVersion.optional(),
  })
  .superRefine((tls, context) => {
    for (const { key, message } of tlsFaults(tls))
      context.addIssue({ code: "custom", path: [key], message, input: tls });
    const { min_version: min, max_version: max } = tls;
    if (min !== undefined && max !== undefined && min > max) {
      const message = "must not be below min_version";
      context.addIssue({ code: "custom", path: ["max_version"], message, input: max });
    }
  });
export type ProbeTls = z.output<typeof ProbeTls>;

/** A users' regular expression that matches anywhere in a text; RE2's syntax, in linear time. */
export const SearchRegex = z.string().transform((pattern, context) => {
  try {
    return searchingRegex(pattern);
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    context.addIssue({ code: "custom", message: messageOf(thrown), input: pattern });
    return z.NEVER;
  }
});

export const SourceAddress = z.union([z.ipv4(), z.ipv6()]);
