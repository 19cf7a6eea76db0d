import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { freePort } from "#test/support/free_port.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { Conversation } from "../connections/conversation.ts";
import { memcached } from "./integration.ts";

const program = Bun.which("memcached");
const withServer = test.skipIf(program === null);

let port = 0;
let server: Bun.Subprocess | undefined;

beforeAll(async () => {
  port = await freePort();
  if (program === null) return;
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  server = Bun.spawn([program, "-l", "127.0.0.1", "-p", String(port), ...user], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const signal = AbortSignal.timeout(5_000);
  while (!(await answers(signal))) await Bun.sleep(20);
});

afterAll(async () => {
  server?.kill();
  await server?.exited;
});

async function answers(signal: AbortSignal): Promise<boolean> {
  try {
    (await Conversation.open({ host: "127.0.0.1", port }, signal)).close();
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

withServer("memcached: hits, misses, items and slabs are those of the server", async () => {
  const signal = AbortSignal.timeout(5_000);
  const talk = await Conversation.open({ host: "127.0.0.1", port }, signal);
  talk.send("set known 0 0 5\r\nhello\r\nget known\r\nget unknown\r\nget unknown\r\n");
  for (const expected of ["STORED", "VALUE known 0 5", "hello", "END", "END", "END"])
    expect(await talk.line()).toBe(expected);
  const instance = new InstanceUnderTest(memcached, { address: `127.0.0.1:${port}` });
  const { samples, degraded } = await instance.tick();
  talk.close();
  expect(degraded).toEqual([]);
  expect(samples.get('memcached_commands_total{command="get",status="hit"}')).toBe(1);
  expect(samples.get('memcached_commands_total{command="get",status="miss"}')).toBe(2);
  expect(samples.get('memcached_commands_total{command="set",status="hit"}')).toBe(1);
  expect(samples.get("memcached_current_items")).toBe(1);
  expect(samples.get("memcached_limit_bytes")).toBe(64 * 1_024 * 1_024);
  // The one item of 5 bytes lies in the smallest class.
  expect(samples.get('memcached_slab_current_items{slab="1"}')).toBe(1);
  expectAssets(import.meta.dir, samples.keys());
});

test("memcached: a server that says something else, nothing, or is not there makes the tick fail with the reason", async () => {
  const other = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n") },
  });
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const gone = await freePort();
  expect(await reasonOf(other.port)).toBe('"stats" was answered with "HTTP/1.1 400 Bad Request"');
  expect(await reasonOf(silent.port)).toBe("no answer in time");
  expect(await reasonOf(gone)).toContain("ECONNREFUSED");
  other.stop(true);
  silent.stop(true);
});

async function reasonOf(at: number): Promise<string> {
  const instance = new InstanceUnderTest(memcached, { address: `127.0.0.1:${at}` }, 300);
  return instance.tick().then(() => "answered", messageOf);
}
