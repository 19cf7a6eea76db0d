import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { textfile } from "./integration.ts";

const exporter = Bun.which("prometheus-node-exporter");
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "textfile-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const instance = (options: object = {}) =>
  new InstanceUnderTest(textfile, { directories: [folder], ...options });

test.skipIf(exporter === null)(
  "textfile: series and values are those of node_exporter",
  async () => {
    write(
      "a.prom",
      `# HELP job_seconds Time of a job.\n# TYPE job_seconds histogram
job_seconds_bucket{le="0.5"} 2\njob_seconds_bucket{le="+Inf"} 3\njob_seconds_sum 4.5\njob_seconds_count 3
# TYPE last gauge\nlast{path="a \\"b\\" \\\\",zone="x"} 1.5e9\nlast{zone="y"} NaN\nno_type 7\n`,
    );
    write("b.prom", `other_total{z="1",a="2"} +Inf\n`);
    write("ignored.txt", "x 1\n");
    const address = `127.0.0.1:${await freePort()}`;
    const server = Bun.spawn(
      [
        exporter ?? "",
        "--collector.disable-defaults",
        "--collector.textfile",
        `--collector.textfile.directory=${folder}`,
        "--web.disable-exporter-metrics",
        `--web.listen-address=${address}`,
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
    try {
      const theirs = await theirSamples(`http://${address}/metrics`);
      const { samples, families, degraded } = await instance().tick();
      expect(degraded).toEqual([]);
      expect(families.get("job_seconds_bucket")).toMatchObject({
        partOf: "job_seconds",
        type: "histogram",
        help: "Time of a job.",
      });
      const ours = new Map([...samples].map(([key, value]) => [sortedLabels(key), value]));
      expect([...ours.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
      for (const [key, value] of theirs) expect([key, ours.get(key)]).toEqual([key, value]);
      expect(samples.size).toBe(11);
    } finally {
      server.kill();
      await server.exited;
    }
  },
);

async function theirSamples(url: string): Promise<Map<string, number>> {
  for (let attempt = 0; ; attempt++) {
    const text = await fetch(url)
      .then((response) => response.text())
      .catch(() => "");
    if (text !== "" || attempt > 100)
      return new Map(
        text
          .split("\n")
          .filter((line) => line !== "" && !/^(#|node_scrape|node_exporter_|promhttp_)/.test(line))
          .map((line) => {
            const at = line.lastIndexOf(" ");
            const value = line.slice(at + 1).replace("Inf", "Infinity");
            return [sortedLabels(line.slice(0, at)), Number(value)];
          }),
      );
    await Bun.sleep(20);
  }
}

function sortedLabels(key: string): string {
  const [name, labels] = key.split(/[{}]/);
  return labels === undefined
    ? key
    : `${name}{${labels
        .split(",")
        .filter((each) => !each.endsWith('=""'))
        .toSorted()
        .join(",")}}`;
}

test("textfile: a file is read when it has changed, and its series end with it", async () => {
  write("a.prom", `a{x="1"} 1\n`);
  const watched = instance();
  const first = await watched.tick();
  expect(first.samples.get('a{x="1"}')).toBe(1);
  expectAssets(import.meta.dir, first.samples.keys());
  // A label that no series had before takes a place behind; the old series is the same one.
  write("a.prom", `a{x="1"} 2\na{b="2"} 3\na 4\n`);
  const second = await watched.tick();
  expect([...second.samples].filter(([key]) => key.startsWith("a"))).toEqual([
    ['a{x="1"}', 2],
    ['a{b="2"}', 3],
    ["a", 4],
  ]);
  rmSync(join(folder, "a.prom"));
  expect([...(await watched.tick()).samples]).toEqual([["node_textfile_scrape_error", 0]]);
});

test("textfile: what can't be taken is refused with its reason, and its neighbours stay", async () => {
  write("a.prom", "a 1\n");
  write("broken.prom", "b 1\nb{ 2\n");
  write("end.prom", "c 1");
  write("timed.prom", "d 1 1700000000000\n");
  write("twice.prom", "a 2\ne 3\n");
  write("up.prom", `up 0\nf{job="backup",instance="x"} 4\n`);
  write("large.prom", `g{x="${"x".repeat(2_000)}"} 1\n`);
  mkdirSync(join(folder, "folder.prom"));
  const { samples, degraded } = await instance({ file_size_max: "1KiB" }).tick();
  const values = Object.fromEntries(samples);
  expect(values).toMatchObject({ a: 1, e: 3, node_textfile_scrape_error: 1 });
  expect(values['f{exported_instance="x",exported_job="backup"}']).toBe(4);
  expect(samples.size).toBe(3 + 1 + 3);
  expect(degraded.map((reason) => reason.replace(folder, ""))).toEqual([
    "/broken.prom: expected labels to end with } at byte 4",
    "/end.prom: the last line must end with a line feed at byte 3",
    "/folder.prom: no ordinary file",
    "/large.prom: larger than 1024 bytes",
    "/timed.prom: samples must not have timestamps",
    "2 further problems",
  ]);
});

test("textfile: a folder that is not there is told, globs find folders, files beyond files_max are told", async () => {
  mkdirSync(join(folder, "x/m"), { recursive: true });
  write("x/m/a.prom", "a 1\n");
  write("x/m/b.prom", "b 1\n");
  utimesSync(join(folder, "x/m/a.prom"), 1_000, 1_234.5);
  const options = { directories: [`${folder}/gone`, `${folder}/*/m`], files_max: 1 };
  const { samples, degraded } = await instance(options).tick();
  expect([...samples]).toEqual([
    [`node_textfile_mtime_seconds{file="${folder}/x/m/a.prom"}`, 1_234],
    ["a", 1],
    ["node_textfile_scrape_error", 1],
  ]);
  expect(degraded).toEqual([expect.stringContaining("ENOENT"), "1 files beyond files_max"]);
});

test("textfile: found by files in the usual folders, and in the one that node_exporter reads", async () => {
  const args = ["prometheus-node-exporter", "--collector.textfile.directory=/srv/prom"];
  const found = await textfile.detect(
    hostOf({
      processes: [
        { pid: 5, name: "prometheus-node", executable: "prometheus-node-exporter", args },
      ],
      files: { "/srv/prom/a.prom": "", "/var/lib/prometheus/node-exporter/apt.prom": "" },
    }),
  );
  expect(found).toEqual([
    {
      confidence: 1,
      because: [
        "/srv/prom has 1 *.prom files",
        "/var/lib/prometheus/node-exporter has 1 *.prom files",
      ],
      options: { directories: ["/srv/prom", "/var/lib/prometheus/node-exporter"] },
      needs: [],
    },
  ]);
  expect(await textfile.detect(hostOf({}))).toEqual([]);
});
