import { z } from "zod";

/** Where a receiver with a port of its own listens: host:port; port 0 takes a free one. */
export const listenAddress = z.lazy(() =>
  z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]*):\d{1,5}$/, 'expected host:port, such as "127.0.0.1:4317"')
    .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, {
      error: "expected a port of at most 65535",
    }),
);
