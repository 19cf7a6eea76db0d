import { z } from "zod";
import { authorizationFault, httpClientShape } from "#shared/http/client_config.ts";
import { httpRequestShape } from "../http/config.ts";
import { ProbeTls, ipShape } from "../net/options.ts";
import { QueryResponse } from "../query_response_config.ts";

const { basic_auth, authorization, bearer_token, bearer_token_file } = httpClientShape();

const ClientConfig = z
  .strictObject({
    basic_auth,
    authorization,
    bearer_token,
    bearer_token_file,
    tls_config: ProbeTls.prefault({}),
    /** As files carry them; an upgrade follows none. */
    follow_redirects: z.boolean().optional(),
    enable_http2: z.boolean().optional(),
  })
  .superRefine((client, context) => {
    const message = authorizationFault({
      ...client,
      follow_redirects: false,
      proxy_url: undefined,
    });
    if (message !== undefined)
      context.addIssue({ code: "custom", path: ["authorization"], message, input: client });
  });

export const WebsocketProbe = z.strictObject({
  ...ipShape,
  http_config: ClientConfig.prefault({}),
  headers: httpRequestShape.http_headers,
  query_response: QueryResponse,
});
export type WebsocketProbe = z.output<typeof WebsocketProbe>;
