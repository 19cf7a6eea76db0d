import { z } from "zod";
import { ProbeTls, SourceAddress, ipShape } from "../net/options.ts";
import { QueryResponse } from "../query_response_config.ts";

export const TcpProbe = z.strictObject({
  ...ipShape,
  source_ip_address: SourceAddress.optional(),
  query_response: QueryResponse,
  tls: z.boolean().default(false),
  tls_config: ProbeTls.prefault({}),
});
export type TcpProbe = z.output<typeof TcpProbe>;
