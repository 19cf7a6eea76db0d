import { z } from "zod";
import { LogsAnswer, LogsParams, MetricsAnswer, MetricsParams, Refusal } from "./schemas.ts";

export type Operation = {
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly answer: z.ZodType;
};

/** What is described, in the order of the page. */
export const operations: readonly Operation[] = [
  {
    path: "/api/v1/monitoring/metrics",
    summary: "Series of a PromQL expression over time",
    params: MetricsParams,
    answer: MetricsAnswer,
  },
  {
    path: "/api/v1/monitoring/logs",
    summary: "Log records, the newest first",
    params: LogsParams,
    answer: LogsAnswer,
  },
];

export type ParameterDocument = {
  readonly name: string;
  readonly in: "query";
  readonly required: boolean;
  readonly description: string;
  readonly schema: unknown;
};

/** OpenAPI 3.1, whose schemas are JSON Schema as zod writes it. */
export function openapiDocument(version: string) {
  const paths = Object.fromEntries(
    operations.map(({ path, summary, params, answer }) => [
      path,
      {
        get: {
          summary,
          parameters: parametersOf(params),
          responses: {
            "200": response("The answer", answer),
            "400": response("A parameter is no good", Refusal),
            default: response("It could not be answered", Refusal),
          },
        },
      },
    ]),
  );
  return { openapi: "3.1.0", info: { title: "Lapwing", version }, paths };
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

function response(description: string, schema: z.ZodType) {
  return {
    description,
    content: { "application/json": { schema: withoutDialect(z.toJSONSchema(schema)) } },
  };
}

/** The dialect is that of OpenAPI 3.1 already. */
function withoutDialect(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema).filter(([key]) => key !== "$schema" && key !== "~standard"),
  );
}
