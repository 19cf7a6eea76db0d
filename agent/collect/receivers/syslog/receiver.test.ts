import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { messageOf } from "#shared/errors.ts";
import { Held, eventually, started } from "../receiver.fixture.ts";
import { syslog } from "./receiver.ts";

const anyPort = "127.0.0.1:0";
async function start(config: unknown) {
  const held = new Held();
  const options = syslog.config.parse(config);
  return { held, ...(await started((context) => syslog.open(options, context), held)) };
}
async function sendTcp(port: number, ...pieces: readonly (string | Uint8Array)[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  for (const piece of pieces) socket.write(piece);
  await new Promise<void>((resolve) => void socket.end(resolve));
}
async function sendUdp(port: number, ...datagrams: readonly (string | Uint8Array)[]) {
  const socket = await Bun.udpSocket({});
  for (const datagram of datagrams) socket.send(datagram, port, "127.0.0.1");
  await Bun.sleep(1);
  socket.close();
}
const sent = "2025-10-09T08:00:00.25Z";
const line = `<11>1 ${sent} web1 api 42 ID7 [req@1 id="x-9"] broken`;

test("syslog: parts of a message become labels, metadata, severity and time", async () => {
  const { held, ports, receiver } = await start({ udp_listen: anyPort, labels: { env: "test" } });
  await sendUdp(ports[0] ?? 0, `${line}\n`, "no syslog at all", Buffer.of(60, 49, 62, 0xff));
  await eventually(() => held.logs.length === 3);
  await receiver.stop?.();
  expect(held.logs[0]).toEqual({
    stream: {
      job: "syslog",
      host: "web1",
      app: "api",
      facility: "user",
      env: "test",
      service_name: "api",
    },
    timestampMs: Date.parse(sent),
    nanos: 0,
    severity: 17,
    line: "broken",
    attributes: { procid: "42", msgid: "ID7", sd_req_1_id: "x-9" },
  });
  expect(held.logs[1]).toMatchObject({
    timestampMs: held.nowMs,
    line: "no syslog at all",
    attributes: { sender: "127.0.0.1" },
  });
  expect(held.logs[2]?.line).toBe("<1>\ufffd");
});
test("syslog: TCP in both framings; a sender without newlines is cut, and its neighbour is not", async () => {
  const { held, ports, receiver } = await start({ tcp_listen: anyPort, line_size_max: "1KiB" });
  const port = ports[0] ?? 0;
  const endless = connect(port, "127.0.0.1");
  endless.write(`<11>1 ${sent} h endless - - - `);
  for (let i = 0; i < 100; i++) endless.write("x".repeat(10_000));
  await sendTcp(port, "31 <11>1 - h counted - - - one\ntwo<11>1 - h lines - - - th", "ree\n");
  await eventually(() => held.logs.length === 3);
  endless.destroy();
  await receiver.stop?.();
  const byApp = new Map(held.logs.map((log) => [log.stream["app"], log]));
  expect(byApp.get("counted")?.line).toBe("one\ntwo");
  expect(byApp.get("lines")?.line).toBe("three");
  expect(byApp.get("endless")?.attributes).toEqual({ truncated: "true" });
  expect(byApp.get("endless")?.line).toMatch(/^x{950,1000}$/);
  expect([held.notStored, held.drops]).toEqual([{ line_end: 1 }, {}]);
});
test("syslog: a time of next year is replaced, counted and kept beside the record", async () => {
  const { held, ports, receiver } = await start({ udp_listen: anyPort });
  await sendUdp(ports[0] ?? 0, "<11>1 2099-01-01T00:00:00Z h a - - - x");
  await eventually(() => held.logs.length === 1);
  await receiver.stop?.();
  expect(held.logs[0]).toMatchObject({
    timestampMs: held.nowMs,
    attributes: { sent_unix_nanos: "4070908800000000000" },
  });
  expect(held.notStored).toEqual({ timestamp: 1 });
});
test("syslog: rules see the parts by Promtail's names, and what they drop is counted", async () => {
  const { held, ports, receiver } = await start({
    udp_listen: anyPort,
    relabel_configs: [
      { source_labels: ["__syslog_message_severity"], regex: "debug", action: "drop" },
      { source_labels: ["__syslog_message_sd_req_1_id"], target_label: "request" },
      { regex: "facility|app", action: "labeldrop" },
    ],
  });
  await sendUdp(ports[0] ?? 0, line, line.replace("<11>", "<15>"));
  await eventually(() => held.logs.length === 1 && held.drops["relabel"] === 1);
  await receiver.stop?.();
  expect(held.logs[0]?.stream).toEqual({
    job: "syslog",
    host: "web1",
    request: "x-9",
    service_name: "syslog",
  });
});
test("syslog: more structured data than a record may have leaves the line whole", async () => {
  const { held, ports, receiver } = await start({ tcp_listen: anyPort });
  const many = Array.from({ length: 200 }, (_, i) => `[s${i} k="v"]`).join("");
  await sendTcp(ports[0] ?? 0, `<11>1 - h a - - ${many} x\n`);
  await eventually(() => held.logs.length === 1);
  await receiver.stop?.();
  expect(held.logs[0]).toMatchObject({ line: `<11>1 - h a - - ${many} x`, attributes: {} });
});
test("syslog: connections over the limit are refused and counted", async () => {
  const { held, ports, receiver } = await start({ tcp_listen: anyPort, connections_max: 1 });
  const first = connect(ports[0] ?? 0, "127.0.0.1");
  first.write("<11>1 - h a - - - first\n");
  await eventually(() => held.logs.length === 1);
  const second = connect(ports[0] ?? 0, "127.0.0.1");
  second.on("error", () => {});
  second.write("<11>1 - h a - - - second\n");
  await eventually(() => held.refusedConnections["too_many"] === 1);
  first.end("<11>1 - h a - - - last\n");
  await eventually(() => held.logs.length === 2);
  second.destroy();
  await receiver.stop?.();
  expect(held.logs.map((log) => log.line)).toEqual(["first", "last"]);
});
function sendTls(port: number, own: object): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...own });
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
    socket.end("27 <11>1 - h a - - - over TLS\n");
  });
}
test("syslog: TLS, with and without a certificate of the sender", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-syslog-"));
  const file = (name: string) => join(folder, name);
  const made = Bun.spawnSync(
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout ${file("key.pem")} -out ${file("cert.pem")}`.split(
      " ",
    ),
  );
  expect(made.exitCode).toBe(0);
  const tls = { cert_file: file("cert.pem"), key_file: file("key.pem") };
  const [key, cert] = [
    await Bun.file(file("key.pem")).text(),
    await Bun.file(file("cert.pem")).text(),
  ];
  const plain = await start({ tls_listen: anyPort, tls });
  await sendTls(plain.ports[0] ?? 0, {});
  await eventually(() => plain.held.logs.length === 1);
  await plain.receiver.stop?.();
  expect(plain.held.logs[0]?.line).toBe("over TLS");
  const mutual = await start({
    tls_listen: anyPort,
    tls: { ...tls, client_ca_file: tls.cert_file },
  });
  await sendTls(mutual.ports[0] ?? 0, {});
  await sendTls(mutual.ports[0] ?? 0, { key, cert });
  await eventually(() => mutual.held.logs.length === 1);
  await mutual.receiver.stop?.();
  expect(mutual.held.logs.length).toBe(1);
  rmSync(folder, { recursive: true });
});
const fault = (config: unknown) => String(syslog.config.safeParse(config).error);
test("syslog: a configuration that can't work names what is wrong", () => {
  expect(fault({ tls_listen: anyPort })).toContain("cert_file and key_file");
  expect(fault({ udp_listen: "514" })).toContain("host:port");
  expect(fault({ udp_listen: "h:99999" })).toContain("65535");
  expect(fault({ time_zone: "Mars/Olympus" })).toContain("Europe/Berlin");
});
test("syslog: a port that is taken is told", async () => {
  const first = await start({ tcp_listen: anyPort, udp_listen: anyPort });
  const [udp, tcp] = first.ports;
  const told = (config: unknown) => start(config).then(() => "nothing", messageOf);
  expect(await told({ tcp_listen: `127.0.0.1:${tcp}` })).toContain("cannot listen");
  expect(await told({ udp_listen: `127.0.0.1:${udp}` })).toContain("cannot listen");
  await first.receiver.stop?.();
});
