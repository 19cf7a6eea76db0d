import { afterAll, expect, test } from "bun:test";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const collectMs = 200;
const shipMs = 3_000;
const Matrix = z.object({
  data: z.object({
    result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});
const Answer = z.object({
  start: z.number(),
  end: z.number(),
  series: z.number(),
  samples: z.number(),
});

type Asking = ReturnType<typeof asking>;

/** The samples of a series as they are stored: Unix milliseconds and values. */
async function samplesOf(lapwing: Asking, series: string): Promise<[number, number][]> {
  const query = encodeURIComponent(`${series}[10m]`);
  const { data } = Matrix.parse(await (await lapwing.get(`/api/v1/query?query=${query}`)).json());
  const [found] = data.result;
  return (found?.values ?? []).map(([second, value]) => [
    Math.round(1_000 * second),
    Number(value),
  ]);
}

/** How many samples lie about as near to the one before as they are collected. The first one may come right before a window's end. */
function fineOf(samples: readonly (readonly [number, number])[]): number {
  const gaps = samples.slice(2).map(([ms], i) => ms - (samples[i + 1]?.[0] ?? 0));
  return gaps.filter((gap) => gap < 3 * collectMs).length;
}

function setDepth(folder: string, depth: number): void {
  writeFileSync(`${folder}/queue.prom.new`, `# TYPE queue_depth gauge\nqueue_depth ${depth}\n`);
  renameSync(`${folder}/queue.prom.new`, `${folder}/queue.prom`);
}

test.skipIf(natsServerPath === undefined)(
  "samples are stored coarsely, and finely where a value leaves its band or a person asks, each once (nats-server must be installed)",
  async () => {
    const nats = await startNats();
    stage.after(() => nats.stop());
    let served = 0;
    const target = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () =>
        new Response(`# TYPE served_total counter\nserved_total ${++served}\n`, {
          headers: { "content-type": "text/plain; version=0.0.4" },
        }),
    });
    stage.after(() => target.stop(true));
    const texts = stage.path("texts");
    mkdirSync(texts);
    setDepth(texts, 7);
    const servers = [nats.url];
    const [aggregator, agent] = await Promise.all([
      stage.start({
        role: "aggregator",
        name: "aggregator",
        config: {
          data_dir: stage.path("aggregator"),
          nats: { servers },
          ingest: { flush_interval: "1s" },
        },
      }),
      stage.start({
        role: "agent",
        name: "agent",
        config: {
          data_dir: stage.path("agent"),
          nats: { servers },
          agent: { name: "web-1", labels: { site: "north" } },
          sources: [],
          scrape_configs: [
            {
              job_name: "web",
              scrape_interval: "15s",
              static_configs: [{ targets: [`127.0.0.1:${target.port}`] }],
            },
          ],
          integrations: { textfile: [{ directories: [texts] }] },
          adaptive_resolution: {
            collect: `${collectMs}ms`,
            ship: `${shipMs}ms`,
            ring: "5m",
            sources: ["scrape/web", "textfile"],
            metrics: { match: '{__name__=~"queue_depth|served_total"}' },
            band: { match: "queue_depth", warm_up: "2s", memory: "10s" },
            before: "3s",
            after: "1s",
          },
        },
      }),
    ]);
    const lapwing = asking(aggregator.url);

    const coarse = await until("three windows", async () => {
      const [depth, count] = await Promise.all([
        samplesOf(lapwing, "queue_depth"),
        samplesOf(lapwing, "queue_depth:count"),
      ]);
      return count.length >= 3 && depth.length >= 3 && { depth, count };
    });
    expect(fineOf(coarse.depth)).toBe(0);
    // All that was collected in a window is in its figures, however few of the ticks a busy machine has kept.
    expect(Math.max(...coarse.count.map(([, n]) => n))).toBeGreaterThan(3);

    setDepth(texts, 900);
    const fine = await until("fine samples around the exit", async () => {
      const samples = await samplesOf(lapwing, 'queue_depth{site="north"}');
      const away = samples.filter(([, depth]) => depth === 900);
      return fineOf(samples) >= 8 && away.length >= 4 && samples;
    });
    expect(fine.some(([, depth]) => depth === 7)).toBe(true);
    expect(fine.map(([ms]) => ms)).toEqual(fine.map(([ms]) => ms).toSorted((a, b) => a - b));
    expect(await asking(agent.url).own('lapwing_adaptive_triggers_total{reason="band"}')).toBe(1);
    // Of another target nothing was asked.
    expect(fineOf(await samplesOf(lapwing, "served_total"))).toBe(0);

    const ask = (name: string, body: object) =>
      lapwing.get(`/api/v1/agents/${name}/resolution`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const answer = await ask("web-1", { match: ['served_total{site="north"}'], before: "4s" });
    expect(answer.status).toBe(200);
    const { samples, series } = Answer.parse(await answer.json());
    expect(series).toBe(1);
    expect(samples).toBeGreaterThan(3);
    const all = await until("the samples that were asked for", async () => {
      const now = await samplesOf(lapwing, "served_total");
      return fineOf(now) >= 3 && now;
    });
    // A counter of scrapes: what is stored of it grows with time, so no sample stands at another's place.
    expect(all.map(([, count]) => count)).toEqual(
      all.map(([, count]) => count).toSorted((a, b) => a - b),
    );
    expect((await ask("web-2", {})).status).toBe(404);
    expect((await ask("web-1", { match: ["a b"] })).status).toBe(400);
    expect((await ask("web-1", { start: 1, end: 2 })).status).toBe(404);

    expect(await agent.end("SIGTERM")).toBe(0);
    const account = await until("everything stored", async () => {
      const now = await lapwing.account("metrics");
      return now?.inFlight === 0 && now;
    });
    expect(account.dropped).toEqual({});
    expect(account.collected).toBe(account.stored);
    expect(await aggregator.end("SIGTERM")).toBe(0);
  },
  60_000,
);
