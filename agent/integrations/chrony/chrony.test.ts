import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { chrony } from "./integration.ts";

const withServer = test.skipIf(Bun.which("chronyd") === null);
const folder = mkdtempSync(join(tmpdir(), "lapwing-chrony-"));
const servers: Bun.Subprocess[] = [];
let commandPort = 0;
let user = "";

/** One chronyd that serves its own clock, and one that follows it 32 times a second. Neither sets the clock (-x). */
beforeAll(async () => {
  if (Bun.which("chronyd") === null) return;
  user = (await Bun.$`id -un`.text()).trim();
  const timePort = await freePort();
  commandPort = await freePort();
  start("server", ["cmdport 0", `port ${timePort}`, "allow 127.0.0.1", "local stratum 5"]);
  start("client", [
    `cmdport ${commandPort}`,
    "bindcmdaddress 127.0.0.1",
    "port 0",
    `server 127.0.0.1 port ${timePort} iburst minpoll -5 maxpoll -5`,
  ]);
  const instance = underTest();
  const signal = AbortSignal.timeout(4_500);
  for (;;) {
    signal.throwIfAborted();
    const collected = await instance.tick().catch(() => undefined);
    if (collected?.samples.get("chrony_tracking_stratum") === 6) return;
    await Bun.sleep(20);
  }
});

afterAll(async () => {
  for (const server of servers) server.kill();
  await Promise.all(servers.map(({ exited }) => exited));
  rmSync(folder, { recursive: true });
});

function start(name: string, lines: readonly string[]): void {
  const path = join(folder, `${name}.conf`);
  const own = [`pidfile ${join(folder, name)}.pid`, "bindaddress 127.0.0.1", "bindcmdaddress /"];
  writeFileSync(path, [...lines, ...own, ""].join("\n"));
  servers.push(
    Bun.spawn(["chronyd", "-x", "-U", "-d", "-u", user, "-f", path], {
      stdout: "ignore",
      stderr: "ignore",
    }),
  );
}

const underTest = (port = commandPort, timeoutMs = 5_000) =>
  new InstanceUnderTest(chrony, { address: `127.0.0.1:${port}` }, timeoutMs);

withServer("chrony: what is followed, sources and their statistics are chronyd's", async () => {
  const { samples, degraded } = await underTest().tick();
  expect(degraded).toEqual([]);
  const source = 'source_address="127.0.0.1",source_name="127.0.0.1"';
  expect(samples.get(`chrony_sources_stratum{${source}}`)).toBe(5);
  expect(samples.get(`chrony_sources_polling_interval_seconds{${source}}`)).toBe(1 / 32);
  const state = `${source},source_state="sync",source_mode="client"`;
  expect(samples.get(`chrony_sources_state_info{${state}}`)).toBe(1);
  const followed =
    'tracking_address="127.0.0.1",tracking_name="127.0.0.1",tracking_refid="7F000001"';
  expect(samples.get(`chrony_tracking_info{${followed}}`)).toBe(1);
  expect(samples.get("chrony_tracking_remote_reference")).toBe(1);
  expect(samples.get("chrony_tracking_leap_status")).toBe(0);
  const reference = samples.get("chrony_tracking_reference_timestamp_seconds") ?? 0;
  expect(Math.abs(reference - Date.now() / 1_000)).toBeLessThan(60);
  expect(Math.abs(samples.get("chrony_tracking_last_offset_seconds") ?? 1)).toBeLessThan(0.1);
  expect(samples.get(`chrony_sourcestats_samples{${source}}`)).toBeGreaterThan(0);
  expectAssets(import.meta.dir, samples.keys());
});

withServer("chrony: numbers agree with what chronyc prints", async () => {
  const instance = underTest();
  // The clock is followed meanwhile, so the same update has to lie before and after.
  for (;;) {
    const before = await printedByChronyc("tracking");
    const { samples } = await instance.tick();
    const after = await printedByChronyc("tracking");
    if (before[3] !== after[3]) continue;
    const printed = (name: string, digits: number) => samples.get(name)?.toFixed(digits);
    expect(printed("chrony_tracking_rms_offset_seconds", 9)).toBe(before[6] ?? "");
    expect(printed("chrony_tracking_skew_ppms", 3)).toBe(before[9] ?? "");
    expect(printed("chrony_tracking_root_delay_seconds", 9)).toBe(before[10] ?? "");
    return;
  }
});

test("chrony: nobody there, silence, garbage, and answers of other versions make the tick fail with the reason", async () => {
  expect(await reasonOf(await freePort())).toContain("nobody listens on 127.0.0.1:");
  const answering = async (answer: (question: Buffer) => Uint8Array | undefined) => {
    const socket = await Bun.udpSocket({
      hostname: "127.0.0.1",
      socket: {
        data: (own, question, port, address) => {
          const bytes = answer(question);
          if (bytes !== undefined) own.send(bytes, port, address);
        },
      },
    });
    const reason = await reasonOf(socket.port);
    socket.close();
    return reason;
  };
  expect(await answering(() => undefined)).toBe("no answer in time");
  expect(await answering(() => Buffer.from("HTTP/1.1 400"))).toBe(
    "the answer is not of chronyd's protocol",
  );
  expect(await answering((question) => head(question, 5, 18))).toBe(
    "chronyd speaks version 5 of its protocol, expected 6",
  );
  expect(await answering((question) => head(question, 6, 2))).toBe(
    "chronyd answered: not authorised",
  );
  expect(await answering((question) => head(question, 6, 0, 60))).toBe(
    "chronyd's answer is of an unknown form",
  );
});

test("chrony: found by its process and command port; a closed port is told", async () => {
  const process = { name: "chronyd", executable: "chronyd" };
  const found = await chrony.detect(
    hostOf({
      processes: [process],
      listeners: [{ protocol: "udp", host: "127.0.0.1", port: 323 }],
      units: ["chrony.service"],
    }),
  );
  expect(found[0]?.options).toEqual({
    address: "127.0.0.1:323",
    journal_units: ["chrony.service"],
  });
  expect(found[0]?.needs).toEqual([]);
  const second = [{ protocol: "udp" as const, host: "::", port: 323, pid: 101 }];
  const [ofTwo] = await chrony.detect(hostOf({ processes: [process, process], listeners: second }));
  expect(ofTwo?.options).toEqual({ address: "127.0.0.1:323" });
  const closed = await chrony.detect(hostOf({ processes: [process] }));
  expect(closed[0]?.needs[0]?.why).toContain('"cmdport 0"');
  expect(await chrony.detect(hostOf({}))).toEqual([]);
});

async function printedByChronyc(command: string): Promise<string[]> {
  const options = ["-h", "127.0.0.1", "-p", String(commandPort), "-c", "-n", command];
  return (await Bun.$`chronyc ${options}`.quiet().text()).trim().split(",");
}

function reasonOf(port: number): Promise<string> {
  return underTest(port, 300)
    .tick()
    .then(() => "answered", messageOf);
}

/** The head of an answer: version, kind, command and sequence of the question, status. */
function head(question: Buffer, version: number, status: number, bytes = 28): Buffer {
  const answer = Buffer.alloc(bytes);
  answer.set([version, 2]);
  question.copy(answer, 4, 4, 6);
  answer.writeUInt16BE(5, 6);
  answer.writeUInt16BE(status, 8);
  question.copy(answer, 16, 8, 12);
  return answer;
}
