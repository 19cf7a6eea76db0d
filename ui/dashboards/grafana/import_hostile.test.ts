import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import { importGrafana } from "./import.ts";
import { importOf, importPanel, panel } from "./import.fixture.ts";

const at = (y: number) => ({ gridPos: { x: 0, y, w: 24, h: 1 } });

describe("hostile input", () => {
  test("what is no dashboard is refused with a word", () => {
    for (const none of [
      null,
      5,
      "x",
      [],
      {},
      { panels: 5 },
      { dashboard: [] },
      { foo: 1, spec: 3 },
    ])
      expect(() => importGrafana(none)).toThrow(OperatingError);
  });

  test("huge grids are clamped, and say so", () => {
    const { panel: made, notes } = importPanel({ gridPos: { x: -5, y: 1e12, w: 9_999, h: 1e9 } });
    expect(made?.place).toEqual({ x: 0, y: 0, w: 24, h: 100 });
    expect(notes.join()).toContain("w 9999 became 24");
  });

  test("panels that stand far down keep their order and their rows", () => {
    const { dashboard, notes } = importOf({
      panels: [
        panel({ id: 4, ...at(16_206) }),
        panel({ id: 2, ...at(12_001) }),
        { id: 3, type: "row", title: "B", ...at(16_203) },
        { id: 1, type: "row", title: "A", ...at(12_000) },
      ],
    });
    expect(
      dashboard.rows.map(({ title, panels }) => [title, ...panels.map(({ id }) => id)]),
    ).toEqual([
      ["A", 2],
      ["B", 4],
    ]);
    expect(notes).toEqual([]);
  });

  test("an expression that was made to be slow is read in a moment", () => {
    const before = process.cpuUsage();
    for (const expr of [
      "{".repeat(5_000_000),
      "({} ".repeat(1_000_000),
      `{a="b"}${" ".repeat(3_000_000)}`,
    ])
      importOf({ panels: [panel({ datasource: "Metrics", targets: [{ refId: "A", expr }] })] });
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });

  test("10,000 panels are cut to 500 with a word", () => {
    const { dashboard, notes } = importOf({
      panels: Array.from({ length: 10_000 }, (_, i) => panel({ id: i + 1 })),
    });
    expect(dashboard.rows.flatMap(({ panels }) => panels)).toHaveLength(500);
    expect(notes.map(({ why }) => why)).toContain(
      "10000 panels, expected at most 500: the rest is left out",
    );
  });

  test("ids that come twice, wrong types and keys that change objects cost nothing else", () => {
    const json: unknown = JSON.parse(
      '{"title":"T","__proto__":{"x":1},"tags":"a,b","links":{},"panels":[null,5,{"id":1,"type":"text","title":{"a":1},"options":{"__proto__":{"polluted":1},"content":"<script>alert(1)</script>"}},{"id":1,"type":{"a":1},"targets":"no","fieldConfig":[],"repeat":{},"links":[5,{"url":"javascript:1"}]}],"templating":{"list":[{"name":"constructor","type":"custom","query":7},{"name":"__proto__","type":"custom"}]}}',
    );
    const { dashboard } = importGrafana(json);
    const panels = dashboard.rows.flatMap((row) => row.panels);
    expect(panels).toHaveLength(2);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(2);
    expect(panels[0]?.options["content"]).toBe("<script>alert(1)</script>");
    expect("polluted" in {}).toBe(false);
    expect(Dashboard.safeParse(dashboard).success).toBe(true);
  });

  test("what is too deep, too many or of no known layout is named", () => {
    let inner: Record<string, unknown> = panel({});
    for (let i = 0; i < 9; i += 1) inner = { id: i + 2, type: "row", panels: [inner] };
    expect(
      importOf({ panels: [inner] })
        .notes.map(({ why }) => why)
        .join(),
    ).toContain("rows within rows are read to a depth of 5");
    const properties = Array.from({ length: 100_000 }, (_, i) => ({
      id: `custom.a${i}`,
      value: 1,
    }));
    const override = { matcher: { id: "byName", options: "a" }, properties };
    const { notes } = importPanel({ fieldConfig: { defaults: {}, overrides: [override] } });
    expect(notes.join()).toContain("100000 properties, expected at most 200");
    const layout = { kind: "SpiralLayout", spec: {} };
    const spiral = importGrafana({ apiVersion: "dashboard/v9", spec: { elements: {}, layout } });
    expect(spiral.notes.map(({ path }) => path)).toEqual(["layout"]);
  });

  test("options that are nested without end are left out", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 5_000; i += 1) deep = { deep };
    const { panel: made, notes } = importPanel({ type: "unheard-of", options: { deep } });
    expect(made).toMatchObject({ kind: "unheard-of", options: {} });
    expect(notes.join()).toContain("options is too large or too deep");
  });
});

const folder = join(
  process.env["LAPWING_SHARED"] ?? join(import.meta.dir, "../../../../shared"),
  "conformance/grafana-dashboards",
);
const files = existsSync(folder)
  ? readdirSync(folder).filter((file) => file.endsWith(".json"))
  : [];

describe.skipIf(files.length === 0)(
  "dashboards that people use (LAPWING_SHARED/conformance/grafana-dashboards)",
  () => {
    test.each(files)(
      "%s: every panel, query, unit, threshold and variable is there",
      async (file) => {
        const source: unknown = await Bun.file(join(folder, file)).json();
        const { dashboard } = importGrafana(source);
        expect(Dashboard.safeParse(dashboard).success).toBe(true);
        const made = JSON.stringify(dashboard);
        for (const text of saidIn(source)) expect(made).toContain(text);
      },
    );

    test("changed at random, they still import or are refused with a word", async () => {
      const random = randomOf(20_261_122);
      for (const file of files.slice(0, 10)) {
        const text = await Bun.file(join(folder, file)).text();
        for (let i = 0; i < 10; i += 1) {
          const changed = mutated(JSON.parse(text), random);
          try {
            const { dashboard } = importGrafana(changed);
            expect(Dashboard.safeParse(dashboard).error?.message).toBeUndefined();
          } catch (thrown) {
            if (!(thrown instanceof OperatingError)) throw thrown;
          }
        }
      }
    }, 60_000);
  },
);

/** Texts of a dashboard that must be in what it becomes, found by walking the source and not by the importer's own lists. */
function saidIn(value: unknown, key = "", type = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => saidIn(each, key, type));
  if (typeof value === "object" && value !== null) {
    const own = "type" in value && typeof value.type === "string" ? value.type : type;
    return Object.entries(value).flatMap(([name, each]) => saidIn(each, name, own));
  }
  const isText = typeof value === "string" && value !== "" && value !== "__auto";
  const keys = [
    "expr",
    "legendFormat",
    "title",
    "unit",
    "description",
    "titleFormat",
    "regex",
    "content",
    "allValue",
  ];
  return isText && keys.includes(key) && type !== "datasource" ? [JSON.stringify(value)] : [];
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const junk: readonly unknown[] = [
  null,
  true,
  -1,
  1e300,
  "",
  "x".repeat(200_000),
  [],
  {},
  [[[]]],
  { a: { b: 1 } },
  "javascript:alert(1)",
  Number.NaN,
];

function mutated(value: unknown, random: () => number): unknown {
  const share = 0.004;
  if (random() < share) return junk[Math.floor(random() * junk.length)];
  if (Array.isArray(value)) return value.map((each) => mutated(each, random));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, mutated(each, random)]),
  );
}
