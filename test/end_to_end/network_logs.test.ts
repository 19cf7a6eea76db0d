import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { FluentClient } from "@fluent-org/logger";
import { asking, until } from "#test/support/asking.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";

// Senders of logs as they are, to a whole `lapwing up`: what they sent is asked for by SQL, and the account adds up.

const anyPort = "127.0.0.1:0";
let folder = "";
let up: LapwingProcess;
let lapwing: ReturnType<typeof asking>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-network-logs-"));
  up = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: {
      data_dir: join(folder, "data"),
      sources: [],
      receivers: {
        syslog: { udp_listen: anyPort, tcp_listen: anyPort },
        fluent: { listen: anyPort, shared_key: "key" },
        gelf: { udp_listen: anyPort, tcp_listen: anyPort },
      },
    },
  });
  lapwing = asking(up.url);
});
afterAll(async () => {
  await up.end("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** The port that a receiver told in the process's log. */
async function portOf(message: string): Promise<number> {
  const log = await readFile(join(folder, "up.log"), "utf8");
  const line = log.split("\n").find((text) => text.includes(`"msg":"${message}"`)) ?? "";
  return Number(/"port":(\d+)/.exec(line)?.[1]);
}

/** Records that the tests below send to be refused. */
const refused = 2;

const sql = (text: string): Promise<unknown[][]> => lapwing.sql(text);

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdout: "ignore", stderr: "pipe" });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${errors}`);
}

function loggerTo(port: number): string[] {
  return ["logger", "-n", "127.0.0.1", "-P", String(port)];
}

const isWithoutLogger = Bun.which("logger") === null;
if (isWithoutLogger) console.warn("skipped: needs an installed logger");

test.skipIf(isWithoutLogger)("logger's messages arrive in every form that it knows", async () => {
  const udp = await portOf("syslog is taken over UDP");
  const tcp = await portOf("syslog is taken over TCP");
  const sent = [
    [...loggerTo(udp), "-d", "--rfc5424", "-p", "mail.warning", "-t", "one", "a"],
    [...loggerTo(udp), "-d", "--rfc3164", "-t", "two", "--id=77", "b"],
    [...loggerTo(tcp), "-T", "--rfc5424", "--octet-count", "-t", "three", "--msgid", "M", "c"],
    [...loggerTo(tcp), "-T", "--rfc3164", "-t", "four", "d"],
  ];
  for (const command of sent) await run(command);
  const rows = await until("the messages", async () => {
    const found = await sql(
      "SELECT stream['app'] AS app, body, severity, stream['facility'] FROM logs WHERE stream['job'] = 'syslog' ORDER BY app",
    );
    return found.length === 4 && found;
  });
  expect(rows).toEqual([
    ["four", "d", 10, "user"],
    ["one", "a", 13, "mail"],
    ["three", "c", 10, "user"],
    ["two", "b", 10, "user"],
  ]);
});

test("what @fluent-org/logger sent is there as soon as it is acknowledged", async () => {
  const port = await portOf("Fluent's Forward protocol is taken");
  const client = new FluentClient("app", {
    socket: { host: "127.0.0.1", port },
    security: { clientHostname: "client", sharedKey: "key" },
    ack: { ackTimeout: 10_000 },
    eventMode: "CompressedPackedForward",
  });
  const count = 100;
  const sent = Array.from({ length: count }, (_, i) =>
    client.emit("web", { message: `request ${i}`, level: "warn", user: { id: i } }),
  );
  await Promise.all(sent);
  await client.disconnect();
  const [row] = await until("the records", async () => {
    const found = await sql(
      "SELECT count(DISTINCT body)::INT, min(severity), max(attributes['user_id']) FROM logs WHERE stream['tag'] = 'app.web'",
    );
    return found[0]?.[0] === count && found;
  });
  expect(row).toEqual([count, 13, "99"]);
});

function gelfMessage(by: string): string {
  return JSON.stringify({
    version: "1.1",
    host: "h",
    short_message: `by ${by}`,
    level: 4,
    _id7: by,
  });
}

test("GELF arrives over UDP in chunks, over TCP and over HTTP", async () => {
  const packed = gzipSync(gelfMessage("UDP"));
  const socket = await Bun.udpSocket({});
  for (let i = 0; i < 4; i++) {
    const header = Uint8Array.of(0x1e, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8, i, 4);
    const chunk = Buffer.concat([header, packed.subarray(i * 30, i === 3 ? 1_000 : i * 30 + 30)]);
    socket.send(chunk, await portOf("GELF is taken over UDP"), "127.0.0.1");
  }
  const connection = connect(await portOf("GELF is taken over TCP"), "127.0.0.1");
  connection.end(`${gelfMessage("TCP")}\0`);
  const answer = await lapwing.get("/gelf", { method: "POST", body: gelfMessage("HTTP") });
  expect(answer.status).toBe(202);
  const rows = await until("the messages", async () => {
    const found = await sql(
      "SELECT body, severity, attributes['id7'] FROM logs WHERE stream['job'] = 'gelf' ORDER BY body",
    );
    return found.length === 3 && found;
  });
  socket.close();
  expect(rows).toEqual(["HTTP", "TCP", "UDP"].map((by) => [`by ${by}`, 13, by]));
});

test("documents of _bulk and plain JSON are stored, and bad ones are told and counted", async () => {
  const bulk = ['{"create":{"_index":"logs"}}', '{"message":"bulk","log.level":"error"}'];
  const bad = ['{"create":{}}', "nonsense"];
  const body = `${[...bulk, ...bad].join("\n")}\n`;
  const bulkAnswer = await lapwing.get("/elasticsearch/_bulk", { method: "POST", body });
  expect(await bulkAnswer.json()).toMatchObject({
    errors: true,
    items: [{ create: { status: 201 } }, { create: { status: 400 } }],
  });
  const path = "/api/v1/monitoring/logs?labels=job%3Djson";
  const lines = '{"msg":"json","level":"error"}\n[]\n';
  const jsonAnswer = await lapwing.get(path, { method: "POST", body: lines });
  expect([jsonAnswer.status, await jsonAnswer.json()]).toMatchObject([
    400,
    { stored: 1, refused: [{ index: 1 }] },
  ]);
  const rows = await until("the records", async () => {
    const found = await sql(
      "SELECT body, severity FROM logs WHERE stream['job'] IN ('json', 'elasticsearch') ORDER BY body",
    );
    return found.length === 2 && found;
  });
  expect(rows).toEqual([
    ["bulk", 17],
    ["json", 17],
  ]);
});

test("the account adds up", async () => {
  const [[rows] = []] = await sql("SELECT count(*) FROM logs");
  const account = await until("the account", async () => {
    const lane = await lapwing.account("logs");
    return lane?.collected === Number(rows) + refused && lane;
  });
  const dropped = Object.values(account.dropped).reduce((sum, count) => sum + count, 0);
  expect(dropped).toBe(refused);
  expect(account.collected).toBe(account.stored + account.inFlight + dropped);
  expect(await up.end("SIGTERM")).toBe(0);
});
