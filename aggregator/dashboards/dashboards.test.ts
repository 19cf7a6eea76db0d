import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Board } from "#shared/dashboards/board.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../catalog/catalog.ts";
import { deleteAnnotation, listAnnotations, saveAnnotation } from "./annotations.ts";
import { builtInDashboards } from "./built_in.ts";
import { type DashboardChange, Dashboards } from "./dashboards.ts";
import { lapwingDocument } from "./document.ts";
import { deleteQuery, listQueries, saveQuery } from "./saved_queries.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const tenant = "default";
const board = Board.parse({
  title: "Given",
  rows: [{ title: "Now", panels: [{ title: "Up", type: "stat", queries: [{ expr: "up" }] }] }],
});

async function opened(url?: string) {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-dashboards-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const catalog = await Catalog.open(url ?? `sqlite://${join(folder, "catalog.db")}`);
  cleanups.push(() => catalog.close());
  const changes: DashboardChange[] = [];
  const dashboards = new Dashboards({
    catalog,
    clock: { ...systemClock, now: () => 1_000 },
    files: () => new Map(),
    builtIn: builtInDashboards(async () => [{ name: "given", folder: "Own", board }]),
    onChange: (change) => void changes.push(change),
  });
  return { catalog, dashboards, changes };
}

const document = (title: string) => lapwingDocument({ title, tags: ["a"], rows: [] }, "test");
const save = (title: string, uid = "", basedOn = 0, folder = "") => ({
  uid,
  document: document(title),
  folder,
  message: `made ${title}`,
  basedOn,
});

const engines = [
  { engine: "SQLite", url: async () => undefined, missing: undefined },
  {
    engine: "PostgreSQL",
    url: async () => {
      const server = await startPostgres();
      cleanups.push(() => server.stop());
      return server.url;
    },
    missing: postgresMissing,
  },
];

for (const { engine, url, missing } of engines)
  test.skipIf(missing !== undefined)(
    `Dashboards, annotations and queries are kept, changed and deleted in ${engine}`,
    async () => {
      const { catalog, dashboards, changes } = await opened(await url());
      const first = await dashboards.save(tenant, save("B \u{1F426} 'quoted'", "", 0, " /x//y "));
      expect(first).toMatchObject({ version: 1, folder: "x/y", tags: ["a"], origin: "saved" });
      const { uid } = first;
      expect(await dashboards.save(tenant, save("A", uid, 1))).toMatchObject({ version: 2 });
      // The same again is no new version.
      expect(await dashboards.save(tenant, save("A", uid, 2))).toMatchObject({ version: 2 });
      expect(await dashboards.get(tenant, uid)).toMatchObject({ summary: { title: "A" } });
      const before = await dashboards.get(tenant, uid, 1);
      expect(JSON.parse(before.document)).toMatchObject({ title: "B \u{1F426} 'quoted'" });
      expect((await dashboards.versions(tenant, uid)).map((one) => one.message)).toEqual([
        "made A",
        "made B \u{1F426} 'quoted'",
      ]);
      await dashboards.star(tenant, uid, true);
      expect((await dashboards.list(tenant)).map((one) => [one.title, one.starred])).toEqual([
        ["A", true],
        ["Given", false],
      ]);
      expect(await dashboards.list("another")).toHaveLength(1);
      await dashboards.delete(tenant, uid);
      expect(dashboards.get(tenant, uid)).rejects.toMatchObject({ code: "not_found" });
      expect(changes.map(({ action, summary }) => [action, summary.version])).toEqual([
        ["saved", 1],
        ["saved", 2],
        ["deleted", 2],
      ]);
      expect((await catalog.audit()).map(({ action }) => action)).toEqual([
        "save_dashboard",
        "save_dashboard",
        "delete_dashboard",
      ]);
      await annotationsAreKept(catalog);
      await queriesAreKept(catalog);
    },
    60_000,
  );

async function annotationsAreKept(catalog: Catalog): Promise<void> {
  const one = { id: "", startMs: 100, endMs: 0, title: "Release", text: "", tags: ["a", "b"] };
  const moment = await saveAnnotation(catalog, tenant, { ...one, dashboard: "", panel: 0 });
  const span = { ...one, startMs: 50, endMs: 90, tags: [], dashboard: "d", panel: 3 };
  const { id } = await saveAnnotation(catalog, tenant, span);
  const search = { tenant, startMs: 0, endMs: 1_000, dashboard: "", tags: [] };
  const { annotations } = await listAnnotations(catalog, search);
  expect(annotations).toEqual([{ ...span, id }, moment]);
  const ids = async (over: object) =>
    (await listAnnotations(catalog, { ...search, ...over })).annotations.map((each) => each.id);
  expect(await ids({ startMs: 90, endMs: 99 })).toEqual([id]);
  expect(await ids({ startMs: 101 })).toEqual([]);
  expect(await ids({ dashboard: "another" })).toEqual([moment.id]);
  expect(await ids({ tags: ["b", "a"] })).toEqual([moment.id]);
  await saveAnnotation(catalog, tenant, { ...moment, title: "Changed" });
  expect((await listAnnotations(catalog, search)).annotations[1]?.title).toBe("Changed");
  await deleteAnnotation(catalog, tenant, id);
  expect(deleteAnnotation(catalog, tenant, id)).rejects.toMatchObject({ code: "not_found" });
  const wrong = { ...moment, endMs: 10 };
  expect(saveAnnotation(catalog, tenant, wrong)).rejects.toThrow("end_ms is 10: expected");
}

async function queriesAreKept(catalog: Catalog): Promise<void> {
  const given = { id: "", title: "Rate", description: "", source: "metrics", state: "{}" };
  const made = await saveQuery(catalog, tenant, { ...given, tags: [], updatedMs: 0 }, 5);
  await saveQuery(catalog, tenant, { ...made, title: "Rates" }, 6);
  expect(await listQueries(catalog, tenant)).toEqual([{ ...made, title: "Rates", updatedMs: 6 }]);
  const wrong = { ...made, state: "[]" };
  expect(saveQuery(catalog, tenant, wrong, 7)).rejects.toThrow("state is no JSON object");
  await deleteQuery(catalog, tenant, made.id);
  expect(await listQueries(catalog, tenant)).toEqual([]);
}

test("Dashboards.save() refuses what is not based on the newest version, and what is not its own", async () => {
  const { dashboards } = await opened();
  await dashboards.save(tenant, save("A", "mine"));
  const saving = (title: string, uid: string, basedOn: number) =>
    dashboards.save(tenant, save(title, uid, basedOn));
  expect(saving("B", "mine", 0)).rejects.toThrow('there is a dashboard "mine" already');
  expect(await saving("B", "mine", -1)).toMatchObject({ version: 2 });
  expect(saving("C", "mine", 1)).rejects.toMatchObject({ code: "conflict" });
  expect(saving("C", "gone", 3)).rejects.toMatchObject({ code: "not_found" });
  expect(saving("C", "lapwing-given", -1)).rejects.toMatchObject({ code: "read_only" });
  expect(saving("C", "../x", 0)).rejects.toMatchObject({ code: "bad_request" });
  expect(dashboards.delete(tenant, "lapwing-given")).rejects.toMatchObject({ code: "read_only" });
});

test("Dashboards keeps the newest hundred versions", async () => {
  const { dashboards } = await opened();
  for (let i = 1; i <= 103; i++) await dashboards.save(tenant, save(`T${i}`, "many", -1));
  const versions = await dashboards.versions(tenant, "many");
  expect([versions.length, versions[0]?.version, versions.at(-1)?.version]).toEqual([100, 103, 4]);
  expect(dashboards.get(tenant, "many", 3)).rejects.toMatchObject({ code: "not_found" });
});

test("Dashboards gives built-in boards as documents of Lapwing's", async () => {
  const { dashboards } = await opened();
  const { summary, format, document: text } = await dashboards.get(tenant, "lapwing-given");
  expect([summary.origin, summary.folder, summary.panels, format]).toEqual([
    "built_in",
    "Own",
    1,
    "lapwing",
  ]);
  expect(lapwingDocument(JSON.parse(text), "given").title).toBe("Given");
});
