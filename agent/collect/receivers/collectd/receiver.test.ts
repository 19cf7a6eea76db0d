import { afterAll, expect, test } from "bun:test";
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { Held, eventually, started } from "../receiver.fixture.ts";
import { CollectdConfig } from "./config.ts";
import { collectd } from "./receiver.ts";
import { parseTypesDb } from "./types_db.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-collectd-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function part(type: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(4 + bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

function number(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function gauge(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

/** Kinds and numbers of one list. */
function values(...all: readonly (readonly [kind: number, bytes: Buffer])[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(all.length);
  const kinds = Buffer.from(all.map(([kind]) => kind));
  return part(0x0006, Buffer.concat([count, kinds, ...all.map(([, bytes]) => bytes)]));
}

const named = (host: string, plugin: string, instance: string, type: string, own: string) =>
  [host, plugin, instance, type, own].map((text, i) => part([0, 2, 3, 4, 5][i] ?? 0, `${text}\0`));

async function opened(options: object = {}) {
  const held = new Held();
  const config = CollectdConfig.parse({ udp_listen: "127.0.0.1:0", ...options });
  const { ports, receiver } = await started((context) => collectd.open(config, context), held);
  const socket = await Bun.udpSocket({});
  const send = (...parts: readonly Buffer[]) =>
    void socket.send(Buffer.concat(parts), ports[0] ?? 0, "127.0.0.1");
  const stop = async () => {
    socket.close();
    await receiver.stop?.();
  };
  const seconds = Math.floor(held.nowMs / 1_000);
  const time = part(0x0001, number(BigInt(seconds)));
  return { held, send, stop, time, seconds };
}

function signed(payload: Buffer, user: string, password: string): Buffer {
  const mac = createHmac("sha256", password).update(user).update(payload).digest();
  return Buffer.concat([part(0x0200, Buffer.concat([mac, Buffer.from(user)])), payload]);
}

function encrypted(payload: Buffer, user: string, password: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(user.length);
  const vector = Buffer.alloc(16, 7);
  const key = createHash("sha256").update(password).digest();
  const cipher = createCipheriv("aes-256-ofb", key, vector);
  const checksum = createHash("sha1").update(payload).digest();
  const text = cipher.update(Buffer.concat([checksum, payload]));
  return part(0x0210, Buffer.concat([length, Buffer.from(user), vector, text]));
}

test("values have collectd_exporter's names and labels, and their own times", async () => {
  const { held, send, stop, time, seconds } = await opened({ labels: { env: "test" } });
  const fine = part(0x0008, number(BigInt(Math.round((seconds + 0.5) * 2 ** 30))));
  const octets: [number, Buffer] = [2, number(10n)];
  send(
    time,
    ...named("h", "interface", "eth0", "if_octets", ""),
    values(octets, [2, number(20n)]),
    ...named("h", "load", "", "load", ""),
    fine,
    values([1, gauge(0.5)], [1, gauge(1)], [1, gauge(2)]),
    ...named("h", "cpu", "0", "cpu", "idle"),
    values([0, number(7n)]),
    ...named("", "df", "", "df_complex", "free"),
    values([3, number(3n)]),
    ...named("h", "x", "", "unknown", ""),
    values([1, gauge(1)], [1, gauge(2)]),
    part(0x0100, "notice\0"),
  );
  await eventually(() => held.labels.size >= 9);
  await stop();
  const last = (labels: Record<string, string>) => held.of({ env: "test", ...labels }).at(-1);
  const interface0 = { interface: "eth0", instance: "h" };
  expect(last({ __name__: "collectd_interface_if_octets_rx_total", ...interface0 })).toEqual({
    timestampMs: seconds * 1_000,
    value: 10,
  });
  expect(last({ __name__: "collectd_interface_if_octets_tx_total", ...interface0 })?.value).toBe(
    20,
  );
  expect(last({ __name__: "collectd_load_midterm", instance: "h" })).toEqual({
    timestampMs: seconds * 1_000 + 500,
    value: 1,
  });
  expect(last({ __name__: "collectd_cpu_total", cpu: "0", type: "idle" })?.value).toBe(7);
  expect(last({ __name__: "collectd_df_df_complex", df: "free" })?.value).toBe(3);
  expect(last({ __name__: "collectd_x_unknown_1" })?.value).toBe(2);
  expect(held.families.get("collectd_cpu_total")?.type).toBe("counter");
  expect(held.notStored).toEqual({ other_signal: 1 });
  expect(held.drops).toEqual({});
});

const payload = (time: Buffer, type: string) =>
  Buffer.concat([time, ...named("h", "p", "", type, ""), values([1, gauge(1)])]);

test("signed and encrypted packets are checked; others are refused where they must be one of these", async () => {
  const users = [{ username: "u", password: "right" }];
  for (const [level, taken] of [
    ["none", ["collectd_p_encrypted", "collectd_p_plain", "collectd_p_signed"]],
    ["sign", ["collectd_p_encrypted", "collectd_p_signed"]],
    ["encrypt", ["collectd_p_encrypted"]],
  ] as const) {
    const { held, send, stop, time } = await opened({ users, security_level: level });
    send(payload(time, "plain"));
    send(signed(payload(time, "signed"), "u", "right"));
    send(encrypted(payload(time, "encrypted"), "u", "right"));
    send(signed(payload(time, "bad1"), "u", "wrong"));
    send(encrypted(payload(time, "bad2"), "u", "wrong"));
    send(encrypted(payload(time, "bad3"), "nobody", "right"));
    const refused = 3 + 3 - taken.length;
    await eventually(() => held.refusedConnections["credentials"] === refused);
    await stop();
    expect(held.names()).toEqual([...taken]);
    expect(held.drops).toEqual({ invalid_sample: refused });
  }
  expect(() => CollectdConfig.parse({ security_level: "sign" })).toThrow("expected some");
});

test("types.db names values of types that are not known", async () => {
  const file = join(folder, "types.db");
  writeFileSync(file, "# own\nmine a:GAUGE:0:U, b:GAUGE:0:U\nother  x:DERIVE:0:U y:DERIVE:0:U\n");
  expect([...parseTypesDb("a v:GAUGE:0:U\n\n#b c:d\n")]).toEqual([["a", ["v"]]]);
  const { held, send, stop, time } = await opened({ types_db: [file] });
  send(time, ...named("h", "p", "", "mine", ""), values([1, gauge(1)], [1, gauge(2)]));
  await eventually(() => held.labels.size === 2);
  await stop();
  expect(held.names()).toEqual(["collectd_p_mine_a", "collectd_p_mine_b"]);
  expect(opened({ types_db: [join(folder, "none")] })).rejects.toThrow("cannot read");
});

test(`mutated packets never fail, and good ones are taken (FUZZ_SEED=${fuzzSeed()})`, async () => {
  const users = [{ username: "u", password: "right" }];
  const { held, send, stop, time, seconds } = await opened({ users, series_max: 5_000 });
  const random = randomOf(fuzzSeed());
  const list = [time, ...named("h", "p", "i", "if_octets", "t")];
  const plain = Buffer.concat([...list, values([2, number(1n)], [0, number(2n)])]);
  const seeds = [plain, signed(plain, "u", "right"), encrypted(plain, "u", "right")];
  const rounds = 1_500;
  for (let round = 0; round < rounds; round++) {
    send(Buffer.from(mutated(seeds[round % 3] ?? plain, random)));
    const own = part(0x0001, number(BigInt(seconds - rounds + round)));
    send(own, ...named("h", "good", "", "good", ""), values([1, gauge(round)]));
    if (round % 50 === 0) await Bun.sleep(0);
  }
  const good = () => held.of({ __name__: "collectd_good" }).length;
  await eventually(() => held.names().includes("collectd_good") && good() === rounds);
  await stop();
  expect(held.drops.invalid_sample).toBeGreaterThan(100);
});
