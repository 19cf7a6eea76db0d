import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { remoteWriteBody } from "#test/support/remote_write_body.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const intervalMs = 1_000;
const Status = z.object({
  data: z.object({
    headStats: z.object({ numSeries: z.number() }),
    cardinalityLimits: z.array(
      z.object({
        scope: z.string(),
        name: z.string(),
        agent: z.string(),
        limit: z.number(),
        active: z.number(),
        refusedSeries: z.number(),
        refusedSamples: z.number(),
        lastRefused: z.string().nullable(),
        fastestGrowing: z
          .object({
            metric: z.string(),
            label: z.string(),
            distinctValues: z.number(),
            growth: z.number(),
          })
          .nullable(),
      }),
    ),
  }),
});

/** A process of its own that exposes ten more sessions with every scrape, beside a counter of scrapes. */
const exporter = `
  let scrapes = 0;
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch() {
    scrapes++;
    let text = "scrapes_total " + scrapes + "\\n";
    for (let i = 0; i < 20 * scrapes; i++)
      text += 'sessions_open{session="s' + i + '",zone="z' + (i % 3) + '"} ' + scrapes + "\\n";
    return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4" } });
  } });
  console.log(server.port);
`;

async function startExporter(): Promise<{ address: string; end: () => Promise<unknown> }> {
  const child = Bun.spawn([process.execPath, "-e", exporter], { stdout: "pipe" });
  const end = () => {
    child.kill("SIGKILL");
    return child.exited;
  };
  stage.after(async () => void (await end()));
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
  return { address: `127.0.0.1:${text.trim()}`, end };
}

const job = (name: string, target: string, more: Record<string, unknown> = {}) => ({
  job_name: name,
  scrape_interval: `${intervalMs}ms`,
  static_configs: [{ targets: [target] }],
  ...more,
});

async function limitsOf(lapwing: ReturnType<typeof asking>) {
  return Status.parse(await (await lapwing.get("/api/v1/status/tsdb")).json()).data;
}

test("a label that explodes is stopped at its target's limit and named; all else goes on, and the numbers add up", async () => {
  let neighbour = 0;
  const healthy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response(`healthy_number ${++neighbour}\n`, {
        headers: { "content-type": "text/plain; version=0.0.4" },
      }),
  });
  stage.after(() => healthy.stop(true));
  const { address: exploding, end } = await startExporter();
  const up = await stage.start({
    role: "up",
    name: "explosion",
    config: {
      data_dir: stage.path("explosion"),
      sources: [],
      ingest: { flush_interval: "2s" },
      scrape_configs: [
        job("exploding", exploding, { series_limit: 50 }),
        job("healthy", `127.0.0.1:${healthy.port}`),
      ],
    },
  });
  const lapwing = asking(up.url);
  const target = await until("refused series", async () => {
    const { cardinalityLimits } = await limitsOf(lapwing);
    const found = cardinalityLimits.find(({ scope }) => scope === "target");
    return found !== undefined && found.refusedSeries >= 60 && found;
  });
  expect(target).toMatchObject({
    name: `exploding ${exploding}`,
    limit: 50,
    active: 50,
    fastestGrowing: { metric: "sessions_open", label: "session" },
  });
  const { rpc } = lapwing;
  expect((await rpc.listSeriesLimits({})).limits[0]).toMatchObject({
    agent: target.agent,
    limit: { scope: "target", limit: 50, fastest: { label: "session" } },
  });
  // What was known goes on: the exporter's own counter, the first sessions, and the neighbour.
  const before = neighbour;
  await until("more scrapes", () => neighbour >= before + 6);
  const sessions = await lapwing.promql("count(sessions_open)");
  expect(sessions).toMatchObject([{ value: 49 }]);
  const age = await lapwing.promql("max(scrapes_total) - min(sessions_open)");
  expect(age).toMatchObject([{ value: 0 }]);
  expect(await lapwing.promql("min(up)")).toMatchObject([{ value: 1 }]);

  const rows = await lapwing.sql(
    "SELECT value FROM metrics WHERE name = 'healthy_number' ORDER BY timestamp",
  );
  const numbers = rows.map(([value]) => Number(value));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));

  // Each sample that was scraped is stored or was refused.
  await end();
  await until("the end of the exporter", async () => {
    const [state] = await lapwing.promql('up{job="exploding"}');
    return state?.value === 0;
  });
  const numberOf = async (query: string) => (await lapwing.promql(query))[0]?.value ?? 0;
  const scraped = await numberOf('sum(sum_over_time(scrape_samples_scraped{job="exploding"}[5m]))');
  const stored = await numberOf(
    'sum(count_over_time({__name__=~"scrapes_total|sessions_open"}[5m]))',
  );
  const account = await until("an account of refused samples", async () => {
    const now = await lapwing.account("metrics");
    return now?.dropped["series_limit"] === scraped - stored && now;
  });
  expect(account.dropped["series_limit"]).toBeGreaterThan(200);
  const dropped = Object.values(account.dropped).reduce((sum, items) => sum + items, 0);
  expect(account.collected).toBe(account.stored + account.inFlight + dropped);
  const own = `lapwing_cardinality_refused_samples{scope="target",name="exploding ${exploding}"}`;
  expect(await lapwing.own(own)).toBeGreaterThan(0);
  const lines = stage.log("explosion").split("\n");
  const told = lines.filter((line) => line.includes("series limit reached"));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('"label":"session"');

  expect(await up.end("SIGTERM")).toBe(0);
}, 40_000);

test("agent and tenant limits refuse what is pushed, and tell the sender", async () => {
  const up = await stage.start({
    role: "up",
    name: "full",
    config: {
      data_dir: stage.path("full"),
      sources: [],
      agent: { series_limit: 30 },
      ingest: { series_limit: 20 },
    },
  });
  const lapwing = asking(up.url);
  const nowMs = Date.now();
  const push = (from: number, to: number, timestampMs: number) =>
    lapwing.get("/api/v1/write", {
      method: "POST",
      headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
      body: remoteWriteBody(
        Array.from({ length: to - from }, (_, i) => ({
          labels: { __name__: "pushed", user: `u${from + i}` },
          timestampsMs: Float64Array.of(timestampMs),
          values: Float64Array.of(from + i),
        })),
      ),
    });
  expect((await push(0, 30, nowMs)).status).toBe(204);
  const refusal = await push(20, 40, nowMs + 1);
  expect([refusal.status, await refusal.text()]).toEqual([
    400,
    expect.stringContaining("limit of series is reached"),
  ]);
  // Known series go on.
  expect((await push(0, 30, nowMs + 2)).status).toBe(204);

  const limits = await until("both limits in the status", async () => {
    const { cardinalityLimits } = await limitsOf(lapwing);
    const [agent, tenant] = ["agent", "tenant"].map((scope) =>
      cardinalityLimits.find((limit) => limit.scope === scope),
    );
    const isThere = agent?.refusedSeries === 10 && (tenant?.refusedSamples ?? 0) >= 30;
    return isThere && { agent, tenant };
  });
  expect(limits).toMatchObject({
    agent: { limit: 30, active: 30, refusedSamples: 10, fastestGrowing: { label: "user" } },
    tenant: { name: "default", limit: 20, active: 20, refusedSeries: 10, agent: "" },
  });
  expect(await lapwing.promql("count(pushed)")).toMatchObject([{ value: 20 }]);
  // 30 samples of the first push, 10 of the second, 30 of the third; a third of each series is over the tenant's limit.
  const account = await until("all in the account", async () => {
    const now = await lapwing.account("metrics");
    return now?.collected === 80 && now.dropped["series_limit"] === 40 && now;
  });
  expect(account.stored + account.inFlight).toBe(40);
  expect(await up.end("SIGTERM")).toBe(0);
}, 40_000);
