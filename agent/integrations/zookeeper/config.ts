import { z } from "zod";

export const usualPort = 2_181;

export const ZookeeperConfig = z.lazy(() =>
  z.strictObject({
    /** host:port where clients connect. */
    address: z.string().min(1).default(`127.0.0.1:${usualPort}`),
  }),
);
export type ZookeeperConfig = z.output<typeof ZookeeperConfig>;
