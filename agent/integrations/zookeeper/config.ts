import { z } from "zod";
import { lazySchema } from "#shared/lazy_schema.ts";

export const usualPort = 2_181;

export const ZookeeperConfig = lazySchema(() =>
  z.strictObject({
    /** host:port where clients connect. */
    address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
  }),
);
export type ZookeeperConfig = z.output<typeof ZookeeperConfig>;
