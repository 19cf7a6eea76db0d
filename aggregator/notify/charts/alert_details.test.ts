import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { alertOf, notificationOf } from "../../channels/service.fixture.ts";
import { AlertDetails, type AlertDetailsParts } from "./alert_details.ts";
import type { ChartSeries } from "./alert_series.ts";
import { renderChart } from "./render_chart.ts";

const nowMs = Date.UTC(2026, 10, 25, 14, 15);
const firedMs = nowMs - 12 * 60_000;
const labels = { alertname: "DiskFull", instance: "db-1", severity: "critical" };
const generatorUrl = `http://lapwing.example/graph?g0.expr=${encodeURIComponent("100 * used > 90")}&g0.tab=1`;
const notification = notificationOf({
  alerts: [
    alertOf({
      labels,
      annotations: { runbook_url: "https://runbooks.example/disk" },
      startsAtMs: firedMs,
      generatorUrl,
    }),
  ],
});
const series = (instance: string, last: number): ChartSeries => ({
  labels: { __name__: "used", instance },
  timesMs: Array.from({ length: 60 }, (_, i) => nowMs - (59 - i) * 60_000),
  values: Array.from({ length: 60 }, (_, i) => (last * (i + 60)) / 119),
});

function detailsWith(changes: Partial<AlertDetailsParts> = {}) {
  const metrics = createSelfMetrics();
  const asked: string[] = [];
  const details = new AlertDetails({
    askChart: ({ expr, language }) => {
      asked.push(`${language} ${expr}`);
      return Promise.resolve([series("db-2", 40), series("db-1", 97.2)]);
    },
    askChanges: () => Promise.resolve(["14:01 web-1: the configuration changed"]),
    render: (svg) => renderChart(svg, 60_000),
    published: { publish: () => undefined, settled: async () => {} },
    now: () => nowMs,
    log: silentLogger,
    metrics,
    // A machine under load draws slowly.
    waitMs: 60_000,
    ...changes,
  });
  const drawn = async (outcome: string) => {
    const line = new RegExp(`charts_total\\{outcome="${outcome}"\\} (\\d+)`);
    return Number(line.exec(await metrics.text())?.[1]);
  };
  return { details, asked, drawn };
}

test("a firing alert has a chart, its value, since when, what changed, and links", async () => {
  const { details, asked, drawn } = detailsWith();
  // Channels of a receiver share what is made once.
  const [made, again] = await Promise.all([details.of(notification), details.of(notification)]);
  expect(made).toBe(again);
  expect(asked).toEqual(["promql 100 * used"]);
  expect(made?.facts).toEqual([
    { name: "Value", value: "97.2 % (fires if > 90 %)" },
    { name: "Since", value: "25 Nov 14:03 UTC (12 min)" },
    { name: "Changed", value: "began to fire; 14:01 web-1: the configuration changed" },
  ]);
  expect(made?.links.map(({ title }) => title)).toEqual([
    "Runbook",
    "Query",
    "Acknowledge",
    "Silence",
  ]);
  expect(new URL(made?.links.at(-1)?.url ?? "").searchParams.get("matchers")).toBe(
    'alertname="DiskFull", instance="db-1", severity="critical"',
  );
  const { png, alt } = made?.chart ?? { png: new Uint8Array(), alt: "" };
  const view = new DataView(png.buffer, png.byteOffset);
  expect(Buffer.from(png.subarray(1, 4)).toString()).toBe("PNG");
  expect([view.getUint32(16), view.getUint32(20)]).toEqual([1_000, 560]);
  expect(alt).toBe("Chart of DiskFull from 13:18 to 14:15 UTC, now 97.2 %");
  expect(await drawn("drawn")).toBe(1);
}, 30_000);

test("what fails is counted, and the message has the rest", async () => {
  const failed = detailsWith({ askChart: () => Promise.reject(new Error("too many samples")) });
  expect(await failed.details.of(notification)).toMatchObject({
    chart: undefined,
    facts: [{ name: "Since" }, { name: "Changed" }],
  });
  expect(await failed.drawn("query_failed")).toBe(1);
  const broken = detailsWith({ render: () => Promise.reject(new Error("no memory")) });
  expect(await broken.details.of(notification)).toMatchObject({
    chart: undefined,
    facts: [{ name: "Value" }, { name: "Since" }, { name: "Changed" }],
  });
  expect(await broken.drawn("drawing_failed")).toBe(1);
  const empty = detailsWith({ askChart: () => Promise.resolve([]) });
  expect((await empty.details.of(notification))?.chart).toBeUndefined();
  expect(await empty.drawn("no_data")).toBe(1);
});

test("a message that would wait too long goes out without details", async () => {
  const { details, drawn } = detailsWith({ askChart: () => new Promise(() => {}), waitMs: 20 });
  expect(await details.of(notification)).toBeUndefined();
  expect(await drawn("late")).toBe(1);
});

test("resolved alerts, and links that are none, have no chart", async () => {
  const { details, asked } = detailsWith();
  const over = alertOf({ status: "resolved", endsAtMs: nowMs });
  expect(await details.of(notificationOf({ alerts: [over] }))).toBeUndefined();
  const foreign = alertOf({ generatorUrl: "not a URL" });
  expect((await details.of(notificationOf({ alerts: [foreign] })))?.chart).toBeUndefined();
  expect(asked).toEqual([]);
});

test("1,000 messages at once wait for 50 charts at most", async () => {
  const { details, drawn } = detailsWith({ render: () => Promise.resolve(new Uint8Array(1)) });
  const all = await Promise.all(
    Array.from({ length: 1_000 }, (_, i) => details.of({ ...notification, groupKey: String(i) })),
  );
  expect(all.filter((made) => made?.chart !== undefined)).toHaveLength(50);
  expect(all.every((made) => (made?.links.length ?? 0) > 0)).toBe(true);
  expect(await drawn("refused")).toBe(950);
});

test("a picture that needs too much memory ends its process", async () => {
  const huge = '<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"/>';
  expect(await renderChart(huge).then(() => "drawn", messageOf)).not.toBe("drawn");
}, 30_000);
