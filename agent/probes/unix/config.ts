import { z } from "zod";
import { ProbeTls } from "../net/options.ts";
import { QueryResponse } from "../query_response_config.ts";

export const UnixProbe = z.strictObject({
  query_response: QueryResponse,
  tls: z.boolean().default(false),
  tls_config: ProbeTls.prefault({}),
});
export type UnixProbe = z.output<typeof UnixProbe>;
