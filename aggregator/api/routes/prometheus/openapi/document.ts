import type { Parameter, Schema } from "./params.ts";
import { type Body, type Method, type PathEntry, pathTable } from "./table.ts";

export type OpenapiVersion = "3.1" | "3.2";

/** The description of Prometheus's API as it is served here, in OpenAPI 3.1, or 3.2 which knows streams of items. */
export function prometheusOpenapi(openapi: OpenapiVersion, version: string) {
  const paths = pathTable.map((entry) => {
    const operations = entry.methods.map((method) => [method, operation(entry, method, openapi)]);
    return [entry.path, Object.fromEntries(operations)];
  });
  return {
    openapi: `${openapi}.0`,
    info: {
      title: "Lapwing, as Prometheus",
      version,
      description: "Prometheus's HTTP API.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/api/v1" }],
    tags: [...new Set(pathTable.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: { schemas: { Error: errorSchema } },
  };
}

function operation(entry: PathEntry, method: Method, openapi: OpenapiVersion) {
  const { tag, summary, path, answer } = entry;
  const isForm = method !== "get" && answer !== "remote_read";
  const inPlace = entry.parameters.filter((one) => !isForm || one.in === "path");
  const inForm = isForm ? entry.parameters.filter((one) => one.in === "query") : [];
  return {
    tags: [tag],
    operationId: `${method}${path
      .split(/[^a-z]/)
      .map(capitalized)
      .join("")}`,
    summary,
    ...(inPlace.length === 0 ? {} : { parameters: inPlace }),
    ...(inForm.length === 0 ? {} : { requestBody: formOf(inForm) }),
    ...(answer === "remote_read" ? { requestBody: remoteReadBody } : {}),
    responses: {
      ...success(answer, openapi),
      ...(entry.mayBeNothing ? nothing : {}),
      default: answer === "remote_read" ? plainFailure : failure,
    },
  };
}

const capitalized = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;

/** The query string takes the same, but the body goes before it. */
function formOf(params: readonly Parameter[]) {
  const properties = params.map(({ name, description, schema }) => [
    name,
    { description, ...schema },
  ]);
  return {
    content: {
      "application/x-www-form-urlencoded": {
        schema: { type: "object", properties: Object.fromEntries(properties) },
      },
    },
  };
}

const nothing = { "204": { description: "Nothing is to be told" } };

function success(answer: PathEntry["answer"], openapi: OpenapiVersion) {
  if (answer === undefined) return nothing;
  const content =
    typeof answer === "string"
      ? bodies(openapi)[answer]
      : { "application/json": { schema: envelopeOf(answer) } };
  return { "200": { description: "The answer", content } };
}

function envelopeOf(data: Schema): Schema {
  const notes = { type: "array", items: { type: "string" } };
  return {
    type: "object",
    required: ["status", "data"],
    properties: { status: { const: "success" }, data, warnings: notes, infos: notes },
  };
}

const errorSchema: Schema = {
  type: "object",
  required: ["status", "errorType", "error"],
  properties: {
    status: { const: "error" },
    errorType: { type: "string" },
    error: { type: "string" },
  },
};
const failure = {
  description: "The request is invalid, or the query failed",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
};
const plainFailure = {
  description: "The request is invalid, or the query failed",
  content: { "text/plain": { schema: { type: "string" } } },
};

const protobuf = "application/x-protobuf";
const remoteReadBody = {
  required: true,
  description: "prometheus.ReadRequest, packed with snappy",
  content: { [protobuf]: {} },
};

const searchLine: Schema = {
  oneOf: [
    {
      type: "object",
      required: ["results"],
      properties: { results: { type: "array", items: { type: "object" } } },
    },
    {
      type: "object",
      required: ["status", "has_more"],
      properties: { status: { const: "success" }, has_more: { type: "boolean" } },
    },
  ],
};
const event: Schema = { type: "object", properties: { data: { type: "string" } } };

/** A stream's items have a schema of their own in 3.2; in 3.1 it is text. */
function bodies(openapi: OpenapiVersion): Readonly<Record<Body, object>> {
  const stream = (item: Schema) =>
    openapi === "3.2" ? { itemSchema: item } : { schema: { type: "string" } };
  return {
    ndjson: { "application/x-ndjson": stream(searchLine) },
    events: { "text/event-stream": stream(event) },
    yaml: { "application/yaml": { schema: { type: "object" } } },
    remote_read: {
      [protobuf]: {},
      "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse": {},
    },
  };
}
