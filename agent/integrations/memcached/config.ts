import { z } from "zod";
import { lazySchema } from "#shared/lazy_schema.ts";

export const usualPort = 11_211;

export const MemcachedConfig = lazySchema(() =>
  z.strictObject({
    /** host:port, or the path of a Unix socket. */
    address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
  }),
);
export type MemcachedConfig = z.output<typeof MemcachedConfig>;
