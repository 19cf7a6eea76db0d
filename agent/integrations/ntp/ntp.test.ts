import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { type Collected, InstanceUnderTest } from "#test/support/integration_world.ts";
import { type Ntpd, ntpdMissing, startNtpd } from "#test/support/ntpd.ts";
import { Answer, question, readVariables } from "./control_message.ts";
import { ntp } from "./integration.ts";

const withServer = test.skipIf(ntpdMissing !== undefined);
let server: Ntpd;

beforeAll(async () => {
  if (ntpdMissing === undefined) server = await startNtpd();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

function tickAt(port: number, timeoutMs = 5_000): Promise<Collected> {
  return new InstanceUnderTest(ntp, { address: `127.0.0.1:${port}` }, timeoutMs).tick();
}

withServer("ntp: clock and sources are those of a real ntpd", async () => {
  const signal = AbortSignal.timeout(30_000);
  let collected = await tickAt(server.port, 20_000);
  // What it makes of the dispersion halves with each answer of its source.
  while (collected.samples.get("node_ntp_sanity") !== 1) {
    signal.throwIfAborted();
    await Bun.sleep(50);
    collected = await tickAt(server.port);
  }
  const { samples, degraded } = collected;
  expect(degraded).toEqual([]);
  const source = 'peer_address="127.127.1.0",peer_name="LOCAL(0)"';
  const expected: Readonly<Record<string, number>> = {
    ntpd_up: 1,
    ntpd_peers: 1,
    node_ntp_leap: 0,
    node_ntp_stratum: 7,
    node_ntp_sanity: 1,
    node_ntp_offset_seconds: 0,
    [`ntpd_peer_stratum{${source}}`]: 6,
    [`ntpd_peer_offset_seconds{${source}}`]: 0,
    [`ntpd_peer_polling_interval_seconds{${source}}`]: 1,
    [`ntpd_peer_state_info{${source},peer_state="sys.peer"}`]: 1,
  };
  expect(Object.fromEntries(Object.keys(expected).map((key) => [key, samples.get(key)]))).toEqual(
    expected,
  );
  expect(samples.get(`ntpd_peer_reachability_ratio{${source}}`)).toBeGreaterThan(0);
  const age = Date.now() / 1_000 - (samples.get("node_ntp_reference_timestamp_seconds") ?? 0);
  expect(Math.abs(age)).toBeLessThan(60);
  expect(samples.get("node_ntp_root_dispersion_seconds")).toBeGreaterThan(0);
  const version = [...samples.keys()].find((key) => key.startsWith("ntpd_info"));
  expect(version).toContain('version="ntpd ');
  expectAssets(import.meta.dir, samples.keys());
});

/** A datagram of an answer to `asked`. */
function answerTo(asked: Buffer, data: string, { kind = 0x80, offset = 0, code = 0 } = {}): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  asked.copy(bytes, 0, 0, 8);
  bytes.writeUInt8((asked[1] ?? 0) | kind, 1);
  bytes.writeUInt8(code, 4);
  bytes.writeUInt16BE(offset, 8);
  bytes.writeUInt16BE(data.length, 10);
  bytes.write(data, 12, "latin1");
  return bytes;
}

/** A server that answers as it is told; the reason, or what was collected. */
async function told(answer: (asked: Buffer) => readonly Buffer[]): Promise<Collected | string> {
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data: (own, bytes, port, address) => {
        for (const each of answer(Buffer.from(bytes))) own.send(each, port, address);
      },
    },
  });
  const result = await tickAt(socket.port, 300).catch(messageOf);
  socket.close();
  return result;
}

test("ntp: nobody there, silence, garbage and refusals make the tick fail with the reason", async () => {
  const nobody = await tickAt(await freePort(), 300).catch(messageOf);
  expect(nobody).toContain("nobody listens on 127.0.0.1:");
  expect(await told(() => [])).toBe("no answer in time");
  expect(await told(() => [Buffer.from("HTTP/1.1 400")])).toBe(
    "the answer is not of NTP's control protocol",
  );
  expect(await told((asked) => [answerTo(asked, "", { kind: 0xc0, code: 7 })])).toBe(
    "ntpd answered: administratively prohibited",
  );
  expect(await told((asked) => [answerTo(asked, "nothing=1")])).toContain("tells no stratum");
});

test("ntp: one that knows no names of sources is asked without, and one gone meanwhile is told", async () => {
  const collected = await told((asked) => {
    const [operation, association] = [asked.readUInt8(1), asked.readUInt16BE(6)];
    if (operation === 1) return [answerTo(asked, "\0\x01\x96\x1a\0\x02\x91\0\0\x03\x80\0")];
    if (association === 0)
      return [
        answerTo(asked, "leap=3, stratum=16, rootdelay=0.000,\r\nrootdisp=5000.0, refid=INIT"),
      ];
    if (association === 2) return [answerTo(asked, "", { kind: 0xc0, code: 4 })];
    if (association === 3) return [answerTo(asked, "srcadr=0.0.0.0, stratum=16")];
    if (asked.includes("srchost")) return [answerTo(asked, "", { kind: 0xc0, code: 5 })];
    return [answerTo(asked, "srcadr=192.0.2.7, stratum=2, hpoll=10, reach=0xfe, offset=-1.5")];
  });
  if (typeof collected === "string") throw new Error(collected);
  const { samples, degraded } = collected;
  const source = 'peer_address="192.0.2.7",peer_name="192.0.2.7"';
  expect(samples.get(`ntpd_peer_offset_seconds{${source}}`)).toBe(-0.0015);
  expect(samples.get(`ntpd_peer_reachability_ratio{${source}}`)).toBe(7 / 8);
  expect(samples.get(`ntpd_peer_polling_interval_seconds{${source}}`)).toBe(1_024);
  expect(samples.get("node_ntp_sanity")).toBe(0);
  expect([...samples.keys()].filter((key) => key.startsWith("ntpd_peer_stratum"))).toHaveLength(1);
  expect(degraded).toEqual(["source 2: ntpd answered: unknown association identifier"]);
});

test("Answer puts datagrams together in any order, passes over others, and has a bound", () => {
  const asked = question("readVariables", 9, 0, "");
  const more = { kind: 0xa0 };
  const answer = new Answer("readVariables", 9);
  expect(answer.take(answerTo(asked, "tail", { offset: 8 }))).toBeUndefined();
  expect(answer.take(answerTo(question("readVariables", 8, 0, ""), "other"))).toBeUndefined();
  expect(answer.take(answerTo(asked, "abcd", { ...more, offset: 4 }))).toBeUndefined();
  expect(answer.take(answerTo(asked, "abcd", { ...more, offset: 4 }))).toBeUndefined();
  expect(answer.take(answerTo(asked, "head", more))?.toString()).toBe("headabcdtail");
  const endless = new Answer("readVariables", 9);
  const flood = () => {
    for (let i = 0; i < 1_000; i++)
      endless.take(answerTo(asked, "x".repeat(400), { ...more, offset: i * 60 }));
  };
  expect(flood).toThrow("an answer of more than 64 KiB");
  expect([...readVariables(Buffer.from('a=1, b="x, y=z",\r\nc=, d.e=0x1f\r\n'))]).toEqual([
    ["a", "1"],
    ["b", "x, y=z"],
    ["c", ""],
    ["d.e", "0x1f"],
  ]);
});

test("ntp: found by its process and port; others of the name are left alone", async () => {
  const ntpd = { name: "ntpd", executable: "ntpd", args: ["/usr/sbin/ntpd", "-g"] };
  const listeners = [{ protocol: "udp" as const, host: "0.0.0.0", port: 123 }];
  const units = ["ntpsec.service"];
  const [found] = await ntp.detect(hostOf({ processes: [ntpd], listeners, units }));
  expect(found).toMatchObject({
    needs: [],
    options: { address: "127.0.0.1:123", journal_units: units },
  });
  const [closed] = await ntp.detect(hostOf({ processes: [ntpd] }));
  expect(closed?.needs[0]?.key).toBe("address");
  const open = { ...ntpd, args: ["ntpd: ntp engine"] };
  expect(await ntp.detect(hostOf({ processes: [ntpd, open], listeners }))).toEqual([]);
  const busybox = { ...ntpd, executable: "busybox" };
  expect(await ntp.detect(hostOf({ processes: [busybox], listeners }))).toEqual([]);
});
