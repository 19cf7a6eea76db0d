import { expect, test } from "bun:test";
import { probe } from "#test/support/probing.ts";
import { decodeEcho, encodeEcho } from "./message.ts";
import { EchoSocket } from "./echo_socket.ts";

test("echo requests have the checksum of RFC 1071", () => {
  const message = encodeEcho({ type: 8, id: 0x1234, sequence: 1, payload: Buffer.from("abc") });
  let sum = 0;
  for (let i = 0; i < message.length; i += 2)
    sum += ((message[i] ?? 0) << 8) | (message[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  expect(sum).toBe(0xffff);
  expect(decodeEcho(message)).toMatchObject({ type: 8, id: 0x1234, sequence: 1 });
  expect(decodeEcho(message.subarray(0, 7))).toBeUndefined();
});

function mayPing(): boolean {
  try {
    new EchoSocket({ address: "127.0.0.1", source: undefined, hopsMax: 0, isWhole: false }).close();
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!mayPing())("this host answers over IPv4, and tells its hops", async () => {
  for (const keys of [
    "",
    "payload_size: 1000, dont_fragment: true, ttl: 5",
    "source_ip_address: 127.0.0.3",
  ]) {
    const { isGood, samples, reason } = await probe(`{prober: icmp, icmp: {${keys}}}`, "127.0.0.1");
    expect([keys, isGood, reason]).toEqual([keys, true, ""]);
    expect(samples.get("probe_icmp_reply_hop_limit")).toBe(64);
    expect(samples.get('probe_icmp_duration_seconds{phase="rtt"}')).toBeGreaterThan(0);
  }
});

test.skipIf(!mayPing())("nobody answers: the probe ends with its time", async () => {
  const { isGood, reason } = await probe("{prober: icmp}", "192.0.2.77", { timeoutMs: 100 });
  expect(isGood).toBe(false);
  expect(reason).not.toBe("");
});

/** Ping sockets, as a user without rights has them, in a network of the test's own. */
const isolated = ["unshare", "-n", "sh", "-c"];
const mayIsolate = Bun.spawnSync([...isolated, "ip link set lo up"]).exitCode === 0;

test.skipIf(!mayIsolate)("ping sockets need no right but the group", () => {
  const script = `
    import { probe } from "#test/support/probing.ts";
    const { isGood, notes, samples } = await probe("{prober: icmp}", "127.0.0.1");
    console.log(isGood, notes.includes("unprivileged=true"), samples.get("probe_icmp_reply_hop_limit"));`;
  const run = `ip link set lo up && echo "0 100000" > /proc/sys/net/ipv4/ping_group_range && exec ${process.execPath} -e '${script}'`;
  const { stdout, stderr } = Bun.spawnSync([...isolated, run], {
    cwd: `${import.meta.dir}/../../..`,
  });
  expect(stderr.toString() + stdout.toString()).toBe("true true 64\n");
});
