import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { parse, stringify } from "yaml";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { StoredGroup, StoredRules } from "../../../rules/stored/stored_rules.ts";

const bodyBytesMax = 2 * 1_024 * 1_024;
/** Mimir's paths, with its prefix and without, and Loki's. */
const mimirBases = ["/config/v1/rules", "/prometheus/config/v1/rules"];
const lokiBases = ["/loki/api/v1/rules", "/api/prom/rules"];
const writableBases = [
  ...mimirBases.map((base) => ({ base, language: "promql" as const })),
  ...lokiBases.map((base) => ({ base, language: "logql" as const })),
];

/**
 * The ruler APIs of Mimir (`config/v1/rules`) and Loki (`loki/api/v1/rules`) for groups that are kept here, by namespace: mimirtool,
 * lokitool and Grafana's editor use them. Loki's GETs, which show groups of files as well, are among Loki's routes. Errors are plain text.
 */
export function rulerRoutes(stored: StoredRules): Hono {
  const app = new Hono();
  const ofMetrics = () => stored.all.filter(({ language }) => language !== "logql");
  for (const base of mimirBases) {
    app.get(base, () => namespaces(ofMetrics()));
    app.get(`${base}/:namespace`, (c) => {
      const namespace = c.req.param("namespace");
      return namespaces(ofMetrics().filter((one) => one.namespace === namespace));
    });
    app.get(`${base}/:namespace/:group`, (c) => {
      const { namespace, group } = c.req.param();
      const found = stored.find(namespace, group);
      return found === undefined ? text("group does not exist", 404) : yaml(parse(found.text));
    });
  }
  for (const { base, language } of writableBases) {
    app.post(
      `${base}/:namespace`,
      bodyLimit({
        maxSize: bodyBytesMax,
        onError: () => text(`the group is too long: expected at most ${bodyBytesMax} bytes`, 413),
      }),
      (c) =>
        accepting(async () => {
          await stored.put(c.req.param("namespace"), await c.req.text(), language);
        }),
    );
    app.delete(`${base}/:namespace`, (c) => removing(stored, c.req.param("namespace")));
    app.delete(`${base}/:namespace/:group`, (c) => {
      const { namespace, group } = c.req.param();
      return removing(stored, namespace, group);
    });
  }
  return app;
}

function removing(stored: StoredRules, namespace: string, group?: string): Promise<Response> {
  return accepting(async () => {
    if (!(await stored.remove(namespace, group)))
      throw new OperatingError(
        "not_found",
        group === undefined ? "no rule groups found" : "group does not exist",
      );
  });
}

async function accepting(act: () => Promise<void>): Promise<Response> {
  try {
    await act();
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    return text(messageOf(thrown), statusOf(thrown));
  }
  return Response.json(
    { status: "success", data: null, errorType: "", error: "" },
    { status: 202 },
  );
}

function statusOf({ code }: OperatingError): number {
  if (code === "not_found") return 404;
  return code === "bad_request" || code === "overloaded" ? 400 : 503;
}

/** Groups by namespace, as they were written. */
function namespaces(groups: readonly StoredGroup[]): Response {
  if (groups.length === 0) return text("no rule groups found", 404);
  const found = Map.groupBy(groups, ({ namespace }) => namespace);
  return yaml(
    Object.fromEntries(
      Array.from(found, ([namespace, own]) => [
        namespace,
        own.map((one): unknown => parse(one.text)),
      ]),
    ),
  );
}

function yaml(content: unknown): Response {
  return new Response(stringify(content), { headers: { "content-type": "application/yaml" } });
}

function text(message: string, status: number): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
