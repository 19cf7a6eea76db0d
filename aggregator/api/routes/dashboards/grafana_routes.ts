import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Listed } from "../../../dashboards/dashboards.ts";
import { documentBytesMax, grafanaDocument } from "../../../dashboards/document.ts";
import type { DashboardRouteParts } from "./routes.ts";

const Posted = z.object({
  dashboard: z.looseObject({
    uid: z.string().nullish(),
    version: z.number().nullish(),
    title: z.string().min(1),
  }),
  folder: z.string().optional(),
  folderUid: z.string().nullish(),
  message: z.string().optional(),
  overwrite: z.boolean().optional(),
});

/** Those of Grafana's own paths that tools use to keep dashboards. Documents are kept as they are, and brought over when they are opened. */
export function grafanaRoutes({ tenant, dashboards }: DashboardRouteParts): Hono {
  const app = new Hono();
  app.post(
    "/api/dashboards/db",
    bodyLimit({ maxSize: documentBytesMax, onError: () => refused(413, "document is too large") }),
    (c) => saved(c, { tenant, dashboards }),
  );
  app.get("/api/dashboards/uid/:uid", (c) =>
    answered(c, async () => {
      const found = await dashboards.get(tenant(), c.req.param("uid"));
      const { summary, format } = found;
      if (format !== "grafana")
        return refused(406, `${summary.uid} is in Lapwing's format: GET ${ownPath(summary.uid)}`);
      const document = z.looseObject({}).parse(JSON.parse(found.document));
      const { uid, version } = summary;
      return Response.json({
        meta: metaOf(summary),
        dashboard: { ...document, id: idOf(uid), uid, version },
      });
    }),
  );
  app.delete("/api/dashboards/uid/:uid", (c) =>
    answered(c, async () => {
      const uid = c.req.param("uid");
      const { summary } = await dashboards.get(tenant(), uid);
      await dashboards.delete(tenant(), uid);
      const { title } = summary;
      return Response.json({ title, message: `Dashboard ${title} deleted`, id: idOf(uid) });
    }),
  );
  app.get("/api/search", (c) =>
    answered(c, async () => {
      const list = await dashboards.list(tenant());
      const limit = Number(c.req.query("limit") ?? 1_000);
      const most = Number.isSafeInteger(limit) && limit > 0 ? Math.min(limit, 5_000) : 1_000;
      return Response.json(list.filter(searched(c)).slice(0, most).map(hitOf));
    }),
  );
  return app;
}

function saved(c: Context, { tenant, dashboards }: DashboardRouteParts): Promise<Response> {
  return answered(c, async () => {
    const { dashboard, ...given } = Posted.parse(await jsonOf(c));
    // The ids of another server say nothing here.
    const { id: _, uid, version, ...document } = dashboard;
    const named = uid === null || uid === undefined || uid === "" ? "" : uid;
    const checked = grafanaDocument({ ...document, uid: named });
    const basedOn = given.overwrite === true ? -1 : named === "" ? 0 : (version ?? 0);
    const summary = await dashboards.save(tenant(), {
      uid: named,
      document: checked,
      folder: given.folder ?? given.folderUid ?? "",
      message: given.message ?? "",
      basedOn,
    });
    return Response.json({ ...namesOf(summary), status: "success", version: summary.version });
  });
}

async function jsonOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (cause) {
    throw new OperatingError("bad_request", `bad request data: ${messageOf(cause)}`, { cause });
  }
}

function searched(c: Context): (one: Listed) => boolean {
  const query = (c.req.query("query") ?? "").toLowerCase();
  const tags = c.req.queries("tag") ?? [];
  const uids = c.req.queries("dashboardUIDs") ?? c.req.queries("dashboardUID");
  const isStarred = c.req.query("starred") === "true";
  const isFolders = c.req.query("type") === "dash-folder";
  return (one) =>
    !isFolders &&
    one.title.toLowerCase().includes(query) &&
    tags.every((tag) => one.tags.includes(tag)) &&
    (uids === undefined || uids.includes(one.uid)) &&
    (!isStarred || one.starred);
}

function hitOf(one: Listed) {
  const { title, tags, starred, folder } = one;
  const slug = slugOf(title);
  return {
    ...namesOf(one),
    title,
    uri: `db/${slug}`,
    slug,
    type: "dash-db",
    tags,
    isStarred: starred,
    ...(folder === "" ? {} : { folderTitle: folder, folderUid: folder }),
  };
}

function metaOf(one: Listed) {
  const time = new Date(one.updatedMs).toISOString();
  return {
    type: "db",
    canSave: one.origin === "saved",
    canEdit: one.origin === "saved",
    canDelete: one.origin === "saved",
    isStarred: one.starred,
    slug: slugOf(one.title),
    url: ownUrl(one.uid),
    created: time,
    updated: time,
    version: one.version,
    folderTitle: one.folder === "" ? "General" : one.folder,
    provisioned: one.origin !== "saved",
  };
}

function namesOf({ uid, title }: Pick<Listed, "uid" | "title">) {
  return { id: idOf(uid), uid, url: ownUrl(uid), slug: slugOf(title) };
}

/** Grafana's tools want a number; nothing is found by it here. */
function idOf(uid: string): number {
  return Bun.hash.xxHash32(uid) & 0x7f_ff_ff_ff;
}

function ownUrl(uid: string): string {
  return `/dashboards/${uid}`;
}

function ownPath(uid: string): string {
  return `/api/v1/dashboards/${uid}`;
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
}

async function answered(c: Context, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (thrown) {
    if (thrown instanceof z.ZodError) return refused(400, z.prettifyError(thrown));
    const message = messageOf(thrown);
    const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
    switch (code) {
      case "conflict":
        return refused(412, message, "version-mismatch");
      case "not_found":
        return refused(404, message);
      case "bad_request":
      case "read_only":
        return refused(400, message);
      default:
        return refused(500, message);
    }
  }
}

function refused(code: number, message: string, status?: string): Response {
  return Response.json({ message, ...(status && { status }) }, { status: code });
}
