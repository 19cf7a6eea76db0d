import { z } from "zod";
import { Refusal } from "../schemas.ts";
import { type Operation, operations } from "./operations.ts";

export type ParameterDocument = {
  readonly name: string;
  readonly in: "query" | "path";
  readonly required: boolean;
  readonly description: string;
  readonly schema: unknown;
};

/** OpenAPI 3.1, whose schemas are JSON Schema as zod writes it. */
export function openapiDocument(version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationDocument(operation),
    };
  return {
    openapi: "3.1.0",
    info: {
      title: "Lapwing",
      version,
      description: "Metrics and logs of your machines as plain JSON.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
  };
}

function operationDocument(operation: Operation) {
  const { id, summary, description, body, answer, refusal = Refusal, status = 200 } = operation;
  const parameters = parametersOfOperation(operation);
  const type = operation.isStream === true ? "text/event-stream" : json;
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, ...content(body, "input") } }),
    responses: {
      [String(status)]: { description: "The answer", ...content(answer, "output", type) },
      "400": { description: "The request is invalid", ...content(refusal, "output") },
      default: { description: "It could not be answered", ...content(Refusal, "output") },
    },
  };
}

/** What stands in the path and in the query string. */
export function parametersOfOperation({
  params,
  pathParams,
}: Pick<Operation, "params" | "pathParams">): ParameterDocument[] {
  const inPath = pathParams === undefined ? [] : parametersOf(pathParams);
  return [
    ...inPath.map((one) => ({ ...one, in: "path" as const })),
    ...(params === undefined ? [] : parametersOf(params)),
  ];
}

/** Everything is text in a query string, so parameters are described by what is written, not by what it becomes. */
export function parametersOf(params: z.ZodObject): ParameterDocument[] {
  return Object.entries(params.shape).map(([name, schema]) => {
    const { description = "", ...rest } = z.toJSONSchema(schema, { io: "input" });
    return {
      name,
      in: "query",
      required: !z.safeParse(schema, undefined).success,
      description,
      schema: withoutDialect(rest),
    };
  });
}

const json = "application/json";

function content(schema: z.ZodType, io: "input" | "output", type = json) {
  return { content: { [type]: { schema: withoutDialect(z.toJSONSchema(schema, { io })) } } };
}

/** The dialect is that of OpenAPI 3.1 already. */
function withoutDialect(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema).filter(([key]) => key !== "$schema" && key !== "~standard"),
  );
}
