import { z } from "zod";

/** Who may ask over HTTP. The defaults let in this host's own names and Lapwing's own pages. */
export const HttpConfig = z.lazy(() =>
  z.strictObject({
    /**
     * Further names of this server, as requests carry them in Host: a proxy's, a service's. "*" takes any, and gives up what protects against DNS
     * rebinding.
     */
    hosts: z.array(hostName()).max(1_000).default([]),
    cors: z
      .strictObject({
        /** Origins whose pages may query by Prometheus's and Loki's APIs. None by default: there is no login, so a page could read everything. */
        origins: z.array(origin()).max(1_000).default([]),
      })
      .prefault({}),
    /** Origins whose pages may show Lapwing's in a frame, beside Lapwing's own. */
    frame_ancestors: z.array(origin()).max(1_000).default([]),
  }),
);

export type HttpConfig = z.output<typeof HttpConfig>;

const hostName = () =>
  z
    .string()
    .regex(
      /^(?:\*|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)$/i,
      'expected a host name without scheme and port, such as "lapwing.example.com", or "*"',
    )
    .transform((name) => name.toLowerCase());

const origin = () =>
  z.string().refine(isOrigin, {
    error: 'expected an origin, such as "https://grafana.example.com", or "*"',
  });

/** Scheme, host and port, and nothing after them. */
function isOrigin(text: string): boolean {
  if (text === "*") return true;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text.toLowerCase();
}
