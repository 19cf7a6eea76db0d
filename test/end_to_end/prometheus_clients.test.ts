import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asking, until } from "#test/support/asking.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { prometheusProgram, startPrometheus } from "#test/support/prometheus.ts";

// Debian's promtool asks a whole `lapwing up`, and Debian's Prometheus writes to it.

const promtool = Bun.which("promtool") ?? "";
if (promtool === "") console.warn("skipped: needs an installed promtool");
if (prometheusProgram === null) console.warn("skipped: needs an installed prometheus");

const nowSeconds = Math.floor(Date.now() / 1_000);
let folder = "";
let lapwing: LapwingProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-prometheus-clients-"));
  const config = { data_dir: join(folder, "data"), sources: [] };
  lapwing = await LapwingProcess.start({ role: "up", name: "up", folder, config });
  const metrics = [0, 15, 30].flatMap((age) =>
    ["a", "b"].map((host) => {
      const value = host === "a" ? 60 - age : 5;
      return { name: "jobs_total", labels: { host }, value, time: nowSeconds - age };
    }),
  );
  const posted = await fetch(`${lapwing.url}api/v1/monitoring/metrics`, {
    method: "POST",
    body: JSON.stringify({ metrics }),
  });
  expect(await posted.json()).toEqual({ stored: 6, refused: [] });
  await until("the samples", async () => {
    const [found] = await asking(lapwing.url).promql("count(jobs_total)");
    return found?.value === 2;
  });
});
afterAll(async () => {
  await lapwing.end("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

function asked(...command: readonly string[]): { code: number; out: string; err: string } {
  const child = Bun.spawnSync([promtool, ...command]);
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

const times = [`--start=${nowSeconds - 30}`, `--end=${nowSeconds}`];

test.skipIf(promtool === "")("promtool queries, and is told of faults", () => {
  const { url } = lapwing;
  expect(asked("query", "instant", `--time=${nowSeconds}`, url, 'jobs_total{host="a"}')).toEqual({
    code: 0,
    out: `jobs_total{host="a"} => 60 @[${nowSeconds}]\n`,
    err: "",
  });
  expect(asked("query", "range", ...times, "--step=15s", url, "sum(jobs_total)")).toEqual({
    code: 0,
    out: `{} =>\n35 @[${nowSeconds - 30}]\n50 @[${nowSeconds - 15}]\n65 @[${nowSeconds}]\n`,
    err: "",
  });
  const series = asked("query", "series", ...times, "--match=jobs_total", url);
  expect([series.code, series.out.trim().split("\n").toSorted()]).toEqual([
    0,
    ['{__name__="jobs_total", host="a"}', '{__name__="jobs_total", host="b"}'],
  ]);
  expect(asked("query", "labels", ...times, url, "host")).toEqual({
    code: 0,
    out: "a\nb\n",
    err: "",
  });
  const refused = asked("query", "instant", url, "sum(");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("unclosed left parenthesis");
});

test.skipIf(promtool === "")("promtool packs its metrics for whoever debugs it", async () => {
  const child = Bun.spawnSync([promtool, "debug", "metrics", lapwing.url.replace(/\/$/, "")], {
    cwd: folder,
  });
  expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
  const packed = Bun.gunzipSync(await Bun.file(join(folder, "debug.tar.gz")).bytes());
  expect(new TextDecoder().decode(packed)).toContain("lapwing_receiver_items_total");
});

test.skipIf(prometheusProgram === null)(
  "a Prometheus that writes to Lapwing has the same there as at home",
  async () => {
    const prometheus = await startPrometheus(join(folder, "writer"), {
      scrape_configs: [
        {
          job_name: "lapwing",
          scrape_interval: "1s",
          static_configs: [{ targets: [new URL(lapwing.url).host] }],
        },
      ],
      remote_write: [
        {
          url: `${lapwing.url}api/v1/write`,
          queue_config: { batch_send_deadline: "200ms" },
          metadata_config: { send_interval: "1s" },
        },
      ],
    });
    try {
      const query = 'count_over_time(up{job="lapwing"}[1h])';
      const home = await until("scrapes", async () => {
        const [found] = await asking(prometheus.url).promql(query);
        return found !== undefined && found.value >= 3 && found;
      });
      const here = await until("the same here", async () => {
        const [found] = await asking(lapwing.url).promql(query);
        return found !== undefined && found.value >= home.value && found;
      });
      expect(here.metric).toEqual(home.metric);
      await until("metadata", async () => {
        const answer = await asking(lapwing.url).get(
          "/api/v1/metadata?metric=lapwing_receiver_items_total",
        );
        return (await answer.text()).includes('"type":"counter"');
      });
    } finally {
      await prometheus.stop();
    }
  },
  60_000,
);
