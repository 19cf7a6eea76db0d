import { afterAll, expect, test } from "bun:test";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentId } from "#agent/identity.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { decodeLogs } from "#proto/codec/logs.ts";
import { openTestSpool, readAll } from "#test/support/spool.ts";
import { asking, until } from "#test/support/asking.ts";
import { lapwing as run } from "#test/support/command_line.ts";
import { startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** Each must stand in no file but the first. */
const secrets = [
  "alice.secret@mail.example.com",
  "4539578763621486",
  "DE89370400440532013000",
  "203.0.113.77",
  `ghp_${"q7Wc2Lz9Xk4Rt6".concat("Bn1Vh8Jm3Sd5Fp0GyTuEaK")}`,
  "219-09-8765",
];

test("secrets of a file reach neither spool, frames nor blocks, and every record is accounted for", async () => {
  const file = stage.path("app.log");
  const lines = Array.from(
    { length: 1_200 },
    (_, i) =>
      `${i} user said ${secrets[i % secrets.length]} and went on${i % 12 === 0 ? " DEBUG" : ""}`,
  );
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      ingest: { flush_interval: "500ms" },
      sources: [
        {
          type: "file_logs",
          paths: [file],
          start_at: "beginning",
          provenance: true,
          processors: [
            { type: "drop", match: '{job="files"} |= "DEBUG"' },
            { type: "metrics", metrics: [{ name: "app_lines_total", labels: ["job"] }] },
          ],
        },
      ],
      logs: { processors: [{ type: "redact" }] },
    },
  });
  const lapwing = asking(up.url);
  const account = await until("all lines", async () => {
    const lane = await lapwing.account("logs");
    return lane?.stored === 1_100 && lane;
  });
  expect(account).toMatchObject({ collected: 1_200, inFlight: 0, dropped: { processor: 100 } });
  const rows = await lapwing.sql("SELECT body FROM logs ORDER BY timestamp LIMIT 6");
  expect(rows.map(([body]) => String(body).replace(/^\d+ /, ""))).toEqual(
    ["card", "iban", "ipv4", "cloud_key", "ssn", "email"].map(
      (kind) => `user said [redacted:${kind}] and went on`,
    ),
  );
  expect(await lapwing.own('lapwing_processor_dropped_total{processor="drop"}')).toBe(100);
  expect(await lapwing.own('lapwing_processor_redactions_total{kind="ssn"}')).toBe(200);
  const counted = await until("the series made of lines", async () => {
    const [series] = await lapwing.promql("app_lines_total");
    return series?.value === 1_100 && series;
  });
  expect(counted.metric).toMatchObject({ job: "files" });

  const url = up.url;
  const told = await run([
    "pipeline",
    "explain",
    '{job="files"} |= "7 user"',
    "--url",
    url,
    "--limit",
    "1",
  ]);
  expect(told.err).toBe("");
  const origin: Record<string, unknown> = JSON.parse(told.out);
  const text = String(origin.body);
  const whole = readFileSync(file, "utf8").slice(Number(origin.offset)).split("\n")[0];
  expect(origin).toMatchObject({ file, config: expect.stringMatching(/^[0-9a-f]{12}$/) });
  expect(whole?.split(" said ")[0]).toBe(text.split(" said ")[0]);

  // Blocks are compressed, so their bytes alone would prove little.
  for (const secret of secrets)
    expect(
      await lapwing.sql(
        `SELECT count(*)::INT FROM logs WHERE contains(body, '${secret}') OR contains(attributes::VARCHAR, '${secret}')`,
      ),
    ).toEqual([[0]]);
  expect(await up.end("SIGTERM")).toBe(0);
  expect(await holding(stage.path("data"), secrets)).toEqual([]);
}, 60_000);

test("secrets do not reach a spool that waits for its aggregator; without redaction they do", async () => {
  const file = stage.path("waiting.log");
  appendFileSync(file, secrets.map((secret) => `in "${secret}"\n`).join(""));
  const nats = await startNats();
  const spooled = async (name: string, processors: readonly unknown[]): Promise<string> => {
    const source = { type: "file_logs", paths: [file], start_at: "beginning", processors };
    const agent = await stage.start({
      role: "agent",
      name,
      config: { data_dir: stage.path(name), nats: { servers: [nats.url] }, sources: [source] },
    });
    const waiting = asking(agent.url);
    const taken = 'lapwing_source_items_total{source="file_logs"}';
    await until("lines in the spool", async () => (await waiting.own(taken)) === secrets.length);
    await agent.end("SIGKILL");
    expect(await holding(stage.path(name), name === "plain" ? [] : secrets)).toEqual([]);
    return framesText(join(stage.path(name), "agent"));
  };
  const heldIn = (text: string) => secrets.filter((secret) => text.includes(secret));
  try {
    expect(heldIn(await spooled("redacting", [{ type: "redact" }]))).toEqual([]);
    expect(heldIn(await spooled("plain", []))).toEqual(secrets);
  } finally {
    await nats.stop();
  }
}, 60_000);

/** All that the frames of a killed agent's spool say, taken out of their compression. */
async function framesText(folder: string): Promise<string> {
  const owner = { tenant: "default", agent: await agentId(folder) };
  const { spool } = await openTestSpool(join(folder, "spool"), {}, systemClock, owner);
  try {
    const batches = (await readAll(spool, "logs"))
      .filter(({ header }) => header.items > 0)
      .map((frame) => decodeLogs(frame));
    return batches
      .map(({ bodies, streams, attributes, mined }) => {
        const texts = mined?.templates.map(({ text }) => text);
        return (
          Buffer.from(bodies).toString("latin1") + JSON.stringify([streams, attributes, texts])
        );
      })
      .join("\n");
  } finally {
    await spool.close();
  }
}

/** Files below a folder that have one of the texts in their bytes. */
async function holding(folder: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const path of new Bun.Glob("**/*").scan({ cwd: folder, dot: true, absolute: true })) {
    const bytes = readFileSync(path);
    for (const text of texts) if (bytes.includes(text)) found.push(`${text} in ${path}`);
  }
  return found;
}

test("lapwing pipeline test shows what becomes of lines", async () => {
  const config = stage.path("pipeline.yaml");
  writeFileSync(
    config,
    `agent: {name: here, labels: {env: test}}
sources:
  - type: file_logs
    multiline: {}
    processors:
      - {type: regex, pattern: '^(?P<level>[A-Z]+) '}
      - {type: severity}
      - {type: drop, match: '{job="files"} | level="DEBUG"'}
logs:
  processors: [{type: redact}]
`,
  );
  const input = "ERROR a@b.example failed\n\tat a.b(C.java:1)\nDEBUG x\nplain\n";
  const { code, out, err } = await run(["pipeline", "test", "--config", config], { input });
  expect([code, err]).toEqual([0, ""]);
  const shown = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const stream = { env: "test", job: "files", host: "here", filename: "-" };
  expect(shown).toEqual([
    {
      timestamp: expect.stringMatching(/^\d{4}-.*\.\d{9}Z$/),
      severity: "error",
      stream,
      attributes: { level: "ERROR" },
      body: "ERROR [redacted:email] failed\n\tat a.b(C.java:1)",
    },
    expect.objectContaining({ body: "DEBUG x", severity: "debug", dropped_by: "drop" }),
    expect.objectContaining({ body: "plain", severity: "unknown", attributes: {} }),
  ]);
  const wrong = await run(["pipeline", "test", "--config", config, "--source", "nope"], { input });
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain('--source is "nope": expected one of file_logs, ');
});

const docker = (log: string, channel = "stderr") =>
  `${JSON.stringify({ log, stream: channel, time: "2026-01-02T03:04:05.5Z" })}\n`;

test("lapwing pipeline test decodes lines of containers, and finds sources by name and by type", async () => {
  const config = stage.path("containers.yaml");
  writeFileSync(
    config,
    `agent: {name: here}
sources:
  - type: container_logs
    name: pods
    multiline: {mode: indented}
    processors:
      - {type: json}
      - {type: drop, match: '{job="containers",stream="stderr"} | level="debug"'}
  - type: file_logs
    name: web
    job: web
    processors: [{type: logfmt}]
  - type: journald
    job: system
    processors: [{type: logfmt}]
`,
  );
  const cri = '2026-01-02T03:04:06Z stdout P {"level":\n2026-01-02T03:04:06Z stdout F "warn"}\n';
  const input = docker('{"level":"debug"}\n') + docker("Error: x\n") + docker("  at y\n") + cri;
  const shown = async (source: string, lines: string) => {
    const args = ["pipeline", "test", "--config", config, "--source", source];
    const { code, out, err } = await run(args, { input: lines });
    expect(code).toBe(0);
    return {
      err,
      records: out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    };
  };
  const names = ["file_logs", "web", "file_logs:web"];
  const [{ err, records }, journal, ...files] = await Promise.all([
    shown("container_logs", input),
    shown("journald", "a=b\n"),
    ...names.map((source) => shown(source, "a=b\n")),
  ]);
  expect(err).toBe("");
  expect(records).toEqual([
    expect.objectContaining({ body: '{"level":"debug"}', dropped_by: "drop" }),
    {
      timestamp: "2026-01-02T03:04:05.500000000Z",
      severity: "error",
      stream: { job: "containers", host: "here", filename: "-", stream: "stderr" },
      attributes: {},
      body: "Error: x\n  at y",
    },
    expect.objectContaining({
      timestamp: "2026-01-02T03:04:06.000000000Z",
      attributes: { level: "warn" },
      body: '{"level":"warn"}',
    }),
  ]);
  for (const { records: shownOfFile } of files)
    expect(shownOfFile).toEqual([
      expect.objectContaining({
        stream: { job: "web", host: "here", filename: "-" },
        attributes: { a: "b" },
      }),
    ]);
  expect(journal.err).toContain("journald: each line is taken as the body of a record");
  expect(journal.records[0].stream).toEqual({ job: "system", host: "here" });
}, 30_000);
