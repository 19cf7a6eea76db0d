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

/** Where Prometheus's answers have not changed since 2.42, ours are the same to the byte, refusals too. */
const sameAnswers = [
  "query",
  "query?query=1&time=1&timeout=x",
  "query?query=1&time=1&timeout=-1s",
  'query?query="a"&time=5',
  "query?query=vector(1)&time=5.1234",
  "query?query=vector(1)&time=2026-01-01T00:00:00.5%2B01:00",
  "query?query=nothing&time=5",
  "query?query=sum(&time=5",
  "query?query=1%2Bbool+2&time=5",
  "query_range?query=1",
  "query_range?query=1&start=1",
  "query_range?query=1&start=1&end=2",
  "query_range?query=1&start=1&end=2&step=x",
  "query_range?query=1&start=1&end=2&step=-1",
  "query_range?query=1&start=1&end=2&step=0.5",
  "query_range?query=1&start=3&end=2&step=1",
  "query_range?query=1&start=1&end=20000&step=1",
  "query_range?query=vector(1)&start=1&end=3&step=1m",
  "query_range?query=vector(1)&start=1&end=3&step=1&timeout=abc",
  "query_exemplars?query=(",
  "query_exemplars?query=up&start=2&end=1",
  "labels?match[]=(",
  "labels?match[]={}",
  "label/job/values?match[]=(",
  "series",
  "series?match[]=(",
  'series?match[]={x=""}',
  "series?match[]=nothing",
  "metadata?limit=x",
  "metadata?metric=nothing",
  "targets/metadata?limit=x",
  "targets/metadata?match_target=(",
  "targets/metadata?match_target={job=%22x%22}",
  "rules?type=wrong",
  "rules",
  "alerts",
  "alertmanagers",
  "format_query",
  "format_query?query=(",
  "format_query?query=sum(up)by(a)",
  "status/walreplay",
];
async function ask(base: string, path: string): Promise<string> {
  const response = await fetch(new URL(`/api/v1/${path.replace("[]=", "%5B%5D=")}`, base));
  return `${response.status} ${await response.text()}`;
}

test.skipIf(prometheusProgram === null)(
  "answers and refusals are Prometheus's to the byte",
  async () => {
    const prometheus = await startPrometheus(join(folder, "peer"), {});
    try {
      for (const path of sameAnswers)
        expect([path, await ask(lapwing.url, path)]).toEqual([
          path,
          await ask(prometheus.url, path),
        ]);
    } finally {
      await prometheus.stop();
    }
  },
  60_000,
);
