import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { TailHost } from "#test/support/tail_host.ts";
import { binder } from "../binder.ts";
import { pathLabels } from "./path_labels.ts";
import { containerLogs } from "./source.ts";

const at = (second: number) => new Date(1_700_000_000_000 + second * 1_000);
const cri = (second: number, stream: string, tag: string, text: string) =>
  `${at(second).toISOString().replace("Z", "123456Z")} ${stream} ${tag} ${text}\n`;
const docker = (second: number, stream: string, log: string) =>
  `${JSON.stringify({ log, stream, time: at(second).toISOString() })}\n`;

function start(host: TailHost, options: Record<string, unknown> = {}): void {
  host.start({ start_at: "beginning", ...options }, binder(containerLogs));
}

/** Bodies by stream, in the order of the records. */
const told = (host: TailHost) =>
  host.lines.map(({ body, labels }) => `${labels["stream"] ?? "-"}: ${body}`);

test("json-file lines give time, stream, attributes and joined parts", async () => {
  await using host = new TailHost();
  const long = "x".repeat(16_384);
  const attrs = { tag: "web/é" };
  const line = { log: "with attrs\r\n", stream: "stderr", attrs, time: "2023-11-14T22:13:25.5Z" };
  writeFileSync(
    host.path("a.log"),
    docker(0, "stdout", 'a "quoted" \u001b[1m line\n') +
      docker(1, "stdout", long) +
      docker(2, "stderr", "between\n") +
      docker(3, "stdout", "end\n") +
      `${JSON.stringify(line)}\n`,
  );
  start(host);
  await host.untilLines(4);
  expect(told(host)).toEqual([
    'stdout: a "quoted" \u001b[1m line',
    `stdout: ${long}end`,
    "stderr: between",
    "stderr: with attrs",
  ]);
  expect(host.lines.map(({ time }) => time)).toEqual([
    at(0).getTime(),
    at(1).getTime(),
    at(2).getTime(),
    at(5).getTime() + 500,
  ]);
  expect(host.lines[3]?.attributes).toEqual(attrs);
  expect(host.unparsed).toBe(0);
});

test("CRI lines give time to the nanosecond and joined parts of two streams", async () => {
  await using host = new TailHost();
  writeFileSync(
    host.path("a.log"),
    cri(0, "stdout", "P", "one ") +
      cri(1, "stderr", "P", "ONE ") +
      cri(2, "stdout", "F:tag", "two") +
      cri(3, "stderr", "F", "TWO") +
      cri(4, "stdout", "F", "") +
      cri(5, "stdout", "F", " indented "),
  );
  start(host);
  await host.untilLines(4);
  expect(told(host)).toEqual([
    "stdout: one two",
    "stderr: ONE TWO",
    "stdout: ",
    "stdout:  indented ",
  ]);
  expect(host.lines[0]?.time).toBeCloseTo(at(0).getTime() + 0.123456, 3);
});

test("a record whose last part is missing is read again after a kill, and told once", async () => {
  await using host = new TailHost();
  writeFileSync(
    host.path("a.log"),
    cri(0, "stdout", "F", "first") + cri(1, "stdout", "P", "half "),
  );
  start(host);
  await host.untilLines(1);
  appendFileSync(host.path("a.log"), cri(2, "stderr", "F", "other stream"));
  await host.kill();
  start(host);
  appendFileSync(host.path("a.log"), cri(3, "stdout", "F", "whole"));
  await host.untilLines(3);
  expect(told(host)).toEqual(["stdout: first", "stdout: half whole", "stderr: other stream"]);
});

test("every kill between two batches loses and doubles nothing", async () => {
  await using host = new TailHost();
  const lines = Array.from({ length: 4_000 }, (_, i) =>
    cri(i, i % 3 === 0 ? "stderr" : "stdout", i % 7 < 3 ? "P" : "F", `${i};`),
  );
  const whole = await joinedAtOnce(lines);
  for (let from = 0; from < lines.length; from += 500) {
    appendFileSync(host.path("a.log"), lines.slice(from, from + 500).join(""));
    start(host);
    const before = host.batches;
    await host.until(() => host.batches > before, "a batch");
    await host.kill();
  }
  start(host);
  appendFileSync(host.path("a.log"), cri(9_999, "stdout", "F", "") + cri(9_999, "stderr", "F", ""));
  await host.until(
    () => host.texts().join("").split(";").length > lines.length,
    "all of the parts",
  );
  expect(told(host)).toEqual(whole);
});

/** What an uninterrupted reading of the same lines tells. */
async function joinedAtOnce(lines: readonly string[]): Promise<string[]> {
  await using host = new TailHost();
  const ends = cri(9_999, "stdout", "F", "") + cri(9_999, "stderr", "F", "");
  writeFileSync(host.path("a.log"), lines.join("") + ends);
  start(host);
  await host.until(
    () => host.texts().join("").split(";").length > lines.length,
    "all of the parts",
  );
  const texts = told(host);
  // The parts of each stream, one after another, whatever their records.
  for (const stream of ["stdout", "stderr"]) {
    const parts = texts.filter((text) => text.startsWith(stream)).map((text) => text.slice(8));
    const wanted = lines.filter((line) => line.includes(` ${stream} `));
    expect(parts.join("")).toBe(wanted.map((line) => line.trimEnd().split(" ")[3]).join(""));
  }
  return texts;
}

test("parts that never end are a record after a while, and so is too long a one", async () => {
  await using host = new TailHost();
  const piece = "y".repeat(16_000);
  const many = Array.from({ length: 12 }, (_, i) => cri(i, "stdout", "P", piece)).join("");
  writeFileSync(host.path("a.log"), many);
  start(host, { line_size_max: "128KiB", flush_timeout: "50ms" });
  await host.untilLines(2);
  expect(host.texts().join("")).toBe(piece.repeat(12));
  expect(host.lines.map(({ attributes }) => attributes)).toEqual([
    { partial: "true" },
    { partial: "true" },
  ]);
});

test("lines of another form are kept byte for byte, and counted", async () => {
  await using host = new TailHost();
  const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x22]);
  const huge = "z".repeat(10_000_000);
  writeFileSync(
    host.path("a.log"),
    Buffer.concat([
      Buffer.from('{"log":"no end\n{"log":1}\nplain\n'),
      bytes,
      Buffer.from(`\n${huge}\n${cri(0, "stdout", "F", "good")}`),
      Buffer.from(cri(1, "stdout", "F", "").trimEnd()),
      Buffer.from([0x20, 0xff, 0x80, 0x0a]),
    ]),
  );
  start(host);
  await host.untilLines(7);
  expect(told(host).slice(0, 3)).toEqual(['-: {"log":"no end', '-: {"log":1}', "-: plain"]);
  expect(host.bodies[3]).toEqual(new Uint8Array(bytes));
  expect(host.texts()[4]).toBe("z".repeat(256 * 1_024));
  expect(host.lines[4]?.truncated).toBe(true);
  expect(host.texts()[5]).toBe("good");
  expect(host.bodies[6]).toEqual(new Uint8Array([0xff, 0x80]));
  expect([host.unparsed, host.truncated]).toEqual([5, 1]);
});

test("only lines of the format that is asked for are taken apart", async () => {
  await using host = new TailHost();
  writeFileSync(host.path("a.log"), docker(0, "stdout", "json\n") + cri(1, "stdout", "F", "cri"));
  start(host, { format: "docker" });
  await host.untilLines(2);
  expect(told(host)).toEqual(["stdout: json", `-: ${cri(1, "stdout", "F", "cri").trimEnd()}`]);
});

test("a pod's log is followed through kubelet's rotation, with the labels of its path", async () => {
  await using host = new TailHost();
  const folder = host.path("pods/shop_web-7d4_0f1e/nginx");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "0.log");
  writeFileSync(file, cri(0, "stdout", "F", "a") + cri(1, "stdout", "P", "b"));
  start(host, { paths: [host.path("pods/*/*/*.log")] });
  await host.untilLines(1);
  renameSync(file, `${file}.20240101-101010`);
  appendFileSync(`${file}.20240101-101010`, cri(2, "stdout", "F", "c"));
  writeFileSync(file, cri(3, "stderr", "F", "d"));
  await host.untilLines(3);
  expect(told(host).toSorted()).toEqual(["stderr: d", "stdout: a", "stdout: bc"]);
  expect(host.lines[0]?.labels).toEqual({
    job: "containers",
    host: "testhost",
    filename: file,
    namespace: "shop",
    pod: "web-7d4",
    container: "nginx",
    stream: "stdout",
  });
});

test("links of /var/log/containers give the same labels, and Docker's files a short id", async () => {
  const id = "0123456789abcdef".repeat(4);
  const wanted = { namespace: "shop", pod: "web-7d4", container: "side-car" };
  const linked = `/var/log/containers/web-7d4_shop_side-car-${id}.log`;
  expect(pathLabels(linked, "/elsewhere/x.log")).toEqual(wanted);
  expect(pathLabels("/srv/l.log", "/var/log/pods/shop_web-7d4_1/side-car/3.log")).toEqual(wanted);
  const json = `/var/lib/docker/containers/${id}/${id}-json.log`;
  expect(pathLabels(json, json)).toEqual({ container: "0123456789ab" });
  expect(pathLabels("/var/log/app.log", "/var/log/app.log")).toEqual({});

  await using host = new TailHost();
  mkdirSync(host.path("containers"));
  writeFileSync(host.path("0.txt"), docker(0, "stdout", "x\n"));
  symlinkSync(host.path("0.txt"), host.path(`containers/web-7d4_shop_side-car-${id}.log`));
  start(host, { paths: [host.path("containers/*.log")] });
  await host.untilLines(1);
  expect(host.lines[0]?.labels).toMatchObject(wanted);
});
