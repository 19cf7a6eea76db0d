import { z } from "zod";

export const usualPort = 323;

export const ChronyConfig = z.lazy(() =>
  z.strictObject({
    /** host:port of chronyd's command port (UDP). */
    address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
    /** systemd units whose journal is read; found by detection. */
    journal_units: z.array(z.string().min(1)).max(4).default([]),
  }),
);
export type ChronyConfig = z.output<typeof ChronyConfig>;
