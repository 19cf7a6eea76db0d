import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const intervalMs = 500;
const text = { headers: { "content-type": "text/plain; version=0.0.4" } };
const scrapeCount = 12;

/** 200 MB of samples, written as fast as it is taken. */
function flood(): Response {
  const chunk = new TextEncoder().encode("flood 1\n".repeat(128 * 1_024));
  let left = 200;
  const body = new ReadableStream<Uint8Array>({
    pull: (stream) => (left-- > 0 ? stream.enqueue(chunk) : stream.close()),
  });
  return new Response(body, text);
}

let count = 0;
const answers: Record<string, () => Response | Promise<Response>> = {
  garbage: () => new Response("\u0000\u0001 no exposition {{{\n", text),
  html: () => new Response("<html>hello</html>", { headers: { "content-type": "text/html" } }),
  status500: () => new Response("broken", { status: 500 }),
  hang: () => new Promise<Response>(() => {}),
  flood,
  repeats: () => new Response('twice{a="b"} 1\ntwice{a="b"} 2\nonce 3\n', text),
  healthy: () => new Response(`healthy_number ${++count}\n`, text),
};

const Targets = z.object({
  targets: z.array(z.object({ pool: z.string(), health: z.string(), lastError: z.string() })),
});
const ActiveTargets = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({ scrapePool: z.string(), health: z.string(), lastError: z.string() }),
    ),
  }),
});

/** What is said of each bad target, wherever it is said. */
const reasons: Record<string, RegExp> = {
  garbage: /at byte 0/,
  html: /text\/html/,
  status500: /HTTP status 500/,
  hang: /no complete answer within 400 ms/,
  flood: /body size limit of 67108864 bytes is exceeded/,
};

test("bad targets are down with a reason, and their neighbour is scraped without a gap", async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: (request) =>
      answers[new URL(request.url).pathname.slice(1)]?.() ?? new Response("", { status: 404 }),
  });
  stage.after(() => server.stop(true));
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      scrape_configs: Object.keys(answers).map((name) => ({
        job_name: name,
        // What floods has the time to reach the limit on a busy machine, too.
        ...(name === "flood"
          ? { scrape_interval: "5s", scrape_timeout: "5s" }
          : { scrape_interval: `${intervalMs}ms`, scrape_timeout: "400ms" }),
        metrics_path: `/${name}`,
        static_configs: [{ targets: [`127.0.0.1:${server.port}`] }],
      })),
    },
  });
  const lapwing = asking(up.url);
  await until("enough scrapes", () => count >= scrapeCount, 20_000);

  const targets = await until("a scrape of each target", async () => {
    const shown = Targets.parse(await (await lapwing.get("/targets")).json()).targets;
    return shown.every(({ health }) => health !== "unknown") && shown;
  });
  const heard = await until("all targets in the aggregator", async () => {
    const { data } = ActiveTargets.parse(await (await lapwing.get("/api/v1/targets")).json());
    const isTold = data.activeTargets.every(({ health }) => health !== "unknown");
    return data.activeTargets.length === Object.keys(answers).length && isTold && data;
  });
  for (const [name, reason] of Object.entries(reasons)) {
    const here = targets.find(({ pool }) => pool === name);
    const there = heard.activeTargets.find(({ scrapePool }) => scrapePool === name);
    expect({ name, ...here }).toMatchObject({
      health: "down",
      lastError: expect.stringMatching(reason),
    });
    expect({ name, ...there }).toMatchObject({
      health: "down",
      lastError: expect.stringMatching(reason),
    });
  }
  const ups = await lapwing.promql("max by (job) (max_over_time(up[1m]))");
  const isUp = Object.fromEntries(ups.map(({ metric, value }) => [metric["job"], value]));
  expect(isUp).toEqual({
    garbage: 0,
    html: 0,
    status500: 0,
    hang: 0,
    flood: 0,
    repeats: 1,
    healthy: 1,
  });

  // A repeated series costs its second sample, counted, and nothing else.
  expect(await lapwing.promql("once")).toMatchObject([{ value: 3 }]);
  expect(await lapwing.promql("twice")).toHaveLength(1);
  const account = await lapwing.account("metrics");
  expect(account?.dropped["duplicate_timestamp"]).toBeGreaterThan(scrapeCount / 2);

  const rows = await lapwing.sql(
    "SELECT epoch_ms(timestamp), value FROM metrics WHERE name = 'healthy_number' ORDER BY 1",
  );
  const numbers = rows.map(([, value]) => Number(value));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  const gaps = rows.slice(1).map(([time], i) => Number(time) - Number(rows[i]?.[0]));
  expect(Math.max(...gaps)).toBeLessThan(2 * intervalMs);
  expect(await up.end("SIGTERM")).toBe(0);
}, 40_000);
