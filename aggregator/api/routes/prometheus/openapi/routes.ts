import { Hono } from "hono";
import { stringify } from "yaml";
import { invalidParameter, refusal } from "../answer.ts";
import { type OpenapiVersion, prometheusOpenapi } from "./document.ts";

export type OpenapiParts = { readonly build: { readonly version: string } };

const versions: ReadonlyMap<string, OpenapiVersion> = new Map([
  ["", "3.1"],
  ["3.1", "3.1"],
  ["3.1.0", "3.1"],
  ["3.2", "3.2"],
  ["3.2.0", "3.2"],
]);

/** GET /openapi.yaml: this API in OpenAPI, of the version that `openapi_version` asks for (3.1 unless 3.2). */
export function openapiRoutes({ build }: OpenapiParts): Hono {
  return new Hono().get("/openapi.yaml", (c) => {
    const asked = c.req.query("openapi_version") ?? "";
    const version = versions.get(asked);
    if (version === undefined) {
      const cause = `unsupported version ${JSON.stringify(asked)}, must be 3.1 or 3.2`;
      return refusal(invalidParameter("openapi_version", cause));
    }
    const document = prometheusOpenapi(version, build.version);
    return c.body(stringify(document, { aliasDuplicateObjects: false }), 200, {
      "content-type": "application/yaml; charset=utf-8",
      "cache-control": "no-cache, no-store, must-revalidate",
    });
  });
}
