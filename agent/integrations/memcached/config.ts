import { z } from "zod";

export const usualPort = 11_211;

export const MemcachedConfig = z.lazy(() =>
  z.strictObject({
    /** host:port, or the path of a Unix socket. */
    address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
  }),
);
export type MemcachedConfig = z.output<typeof MemcachedConfig>;
