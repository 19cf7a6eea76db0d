import { z } from "zod";
import { ProbeTls, ipShape } from "../net/options.ts";

export const GrpcProbe = z.strictObject({
  ...ipShape,
  service: z.string().default(""),
  metadata: z.record(z.string(), z.array(z.string())).default({}),
  tls: z.boolean().default(false),
  tls_config: ProbeTls.prefault({}),
});
export type GrpcProbe = z.output<typeof GrpcProbe>;
