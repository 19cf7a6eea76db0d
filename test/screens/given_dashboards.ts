import { z } from "zod";
import { kinds } from "./boards/kinds.ts";
import type { Given } from "./boards/parts.ts";
import { shop } from "./boards/shop.ts";
import { edited, empty, faults, foreign } from "./boards/small.ts";

const Annotations = z.object({ annotations: z.array(z.object({ id: z.string() })).default([]) });

/** Puts the dashboards that pictures are taken of on the server, each as if it were new, with marks of the last minutes. */
export async function giveDashboards(url: string): Promise<void> {
  await putVersions(url, [shop]);
  await putVersions(url, [kinds]);
  await putVersions(url, edited);
  await putVersions(url, [empty]);
  await putVersions(url, [faults]);
  await putVersions(url, [foreign]);
  for (const uid of [shop.uid, "lapwing-hosts"]) {
    await call(url, "StarDashboard", { uid, starred: true });
  }
  await giveAnnotations(url);
}

/** The dashboard with two versions as it was at first: where a scene restores one, the next finds two again. */
export async function giveEdited(url: string): Promise<void> {
  await putVersions(url, edited);
}

async function putVersions(url: string, versions: readonly Given[]): Promise<void> {
  const [first] = versions;
  if (first === undefined) return;
  const address = new URL(`/api/v1/dashboards/${first.uid}`, url);
  await fetch(address, { method: "DELETE" });
  for (const [i, { folder, document }] of versions.entries()) {
    const put = new URL(address);
    put.searchParams.set("folder", folder);
    put.searchParams.set("message", i === 0 ? "" : "Memory beside the load");
    const answer = await fetch(put, { method: "PUT", body: JSON.stringify(document) });
    if (!answer.ok) throw new Error(`${first.uid}: ${answer.status} ${await answer.text()}`);
  }
}

/** Two marks of the shop's board: a moment, and a stretch. Earlier ones go: they leave the shown range as a run goes on. */
export async function giveAnnotations(url: string): Promise<void> {
  const nowMs = Date.now();
  const dashboard = shop.uid;
  const all = { startMs: 0, endMs: nowMs + 86_400_000, dashboard };
  const { annotations } = Annotations.parse(await call(url, "ListAnnotations", all));
  for (const { id } of annotations) await call(url, "DeleteAnnotation", { id });
  const mark = {
    dashboard,
    startMs: nowMs - 7 * 60_000,
    title: "Deployed 4.2",
    text: "cart and checkout",
    tags: ["deploy"],
  };
  await call(url, "SaveAnnotation", { annotation: mark });
  const stretch = {
    dashboard,
    startMs: nowMs - 4 * 60_000,
    endMs: nowMs - 2 * 60_000,
    title: "Load test",
    tags: ["test"],
  };
  await call(url, "SaveAnnotation", { annotation: stretch });
}

async function call(url: string, method: string, message: unknown): Promise<unknown> {
  const answer = await fetch(new URL(`/lapwing.v1.DashboardService/${method}`, url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
  });
  if (!answer.ok) throw new Error(`${method}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}
