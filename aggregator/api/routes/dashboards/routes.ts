import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { stringify } from "yaml";
import { type ErrorCode, OperatingError, messageOf } from "#shared/errors.ts";
import type { Dashboards, Found, Listed } from "../../../dashboards/dashboards.ts";
import { documentBytesMax, readDocument } from "../../../dashboards/document.ts";

export type DashboardRouteParts = {
  readonly tenant: () => string;
  readonly dashboards: Dashboards;
};

const statusOf = {
  bad_request: 400,
  not_found: 404,
  conflict: 409,
  read_only: 409,
  overloaded: 429,
  corrupt: 500,
  unavailable: 503,
  timeout: 504,
  cancelled: 499,
  no_space: 507,
} as const satisfies Record<ErrorCode, number>;

const path = "/api/v1/dashboards";

/**
 * Dashboards as code, for curl and scripts (docs/dashboards.md): the list, and documents as JSON or YAML. Errors have Prometheus's form.
 */
export function dashboardRoutes({ tenant, dashboards }: DashboardRouteParts): Hono {
  const app = new Hono();
  app.get(path, (c) =>
    answered(c, async () => {
      const list = await dashboards.list(tenant());
      return Response.json({ status: "success", data: list.map(shown) });
    }),
  );
  app.get(`${path}/:uid`, (c) =>
    answered(c, async () => {
      const version = wholeOf(c, "version", 0);
      return documentResponse(c, await dashboards.get(tenant(), c.req.param("uid"), version));
    }),
  );
  app.put(`${path}/:uid`, bodyLimit({ maxSize: documentBytesMax, onError: tooLarge }), (c) =>
    answered(c, async () => {
      const kind = /ya?ml/i.test(c.req.header("content-type") ?? "") ? "yaml" : "json";
      const document = readDocument(await c.req.text(), kind, "document");
      const uid = c.req.param("uid");
      const given = {
        uid,
        document,
        folder: c.req.query("folder") ?? (await folderOf(dashboards, tenant(), uid)),
        message: c.req.query("message") ?? "",
        basedOn: wholeOf(c, "based_on", -1),
      };
      const summary = await dashboards.save(tenant(), given);
      return Response.json({ status: "success", data: shown(summary) });
    }),
  );
  app.delete(`${path}/:uid`, (c) =>
    answered(c, async () => {
      await dashboards.delete(tenant(), c.req.param("uid"));
      return Response.json({ status: "success" });
    }),
  );
  return app;
}

/** Who does not say where it is to be leaves it where it was. */
async function folderOf(dashboards: Dashboards, tenant: string, uid: string): Promise<string> {
  const found = (await dashboards.list(tenant)).find((one) => one.uid === uid);
  return found?.folder ?? "";
}

/** As people read it in other answers: keys in snake_case. */
function shown({ updatedMs, ...summary }: Listed) {
  return { ...summary, updated_ms: updatedMs };
}

function documentResponse(c: Context, { summary, format, document }: Found): Response {
  const asked = c.req.query("format") ?? c.req.header("accept") ?? "";
  const isYaml = /ya?ml/i.test(asked);
  const value: unknown = JSON.parse(document);
  const body = isYaml ? stringify(value) : `${JSON.stringify(value, null, 2)}\n`;
  return new Response(body, {
    headers: {
      "content-type": isYaml ? "application/yaml" : "application/json",
      "x-lapwing-format": format,
      "x-lapwing-version": String(summary.version),
      "x-lapwing-origin": summary.origin,
      "x-lapwing-folder": encodeURI(summary.folder),
    },
  });
}

function wholeOf(c: Context, name: string, absent: number): number {
  const text = c.req.query(name);
  if (text === undefined) return absent;
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  const given = JSON.stringify(text.slice(0, 100));
  throw new OperatingError("bad_request", `${name} is ${given}: expected a whole number`);
}

async function answered(c: Context, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (thrown) {
    const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
    return failed(statusOf[code], code, messageOf(thrown));
  }
}

function tooLarge(): Response {
  const error = `the document is too large: expected at most ${documentBytesMax} bytes`;
  return failed(413, "bad_request", error);
}

function failed(status: number, errorType: string, error: string): Response {
  return Response.json({ status: "error", errorType, error }, { status });
}
