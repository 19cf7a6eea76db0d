import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { throughLogs } from "#test/support/log_entry.ts";
import { fail2ban } from "./integration.ts";
import { Fail2banConfig } from "./config.ts";
import { PickledObject, pickleOf, readPickle } from "./pickle.ts";

const program = Bun.which("fail2ban-server");
const withServer = test.skipIf(program === null);
const folder = mkdtempSync(join(tmpdir(), "lapwing-fail2ban-"));
const socket = join(folder, "socket");
const log = join(folder, "fail2ban.log");
let server: Bun.Subprocess | undefined;

/** Two jails that watch files of their own and do nothing to whom they ban. */
beforeAll(async () => {
  if (program === null) return;
  for (const name of ["filter.d", "action.d"]) mkdirSync(join(folder, name));
  const jail = (name: string, lines: string) =>
    `[${name}]\nenabled = true\nfilter = door\naction = nothing\nlogpath = ${folder}/watched.log\n${lines}\n`;
  const files: Record<string, string> = {
    "fail2ban.conf": `[Definition]\nloglevel = INFO\nlogtarget = ${log}\nsyslogsocket = auto\nsocket = ${socket}\npidfile = ${folder}/pid\ndbfile = None\ndbpurgeage = 1d\n[Thread]\n`,
    "jail.conf": `[DEFAULT]\nbackend = polling\nfindtime = 10m\nmaxretry = 3\n${jail("front", "bantime = 5m")}${jail("back", "bantime = -1")}`,
    "filter.d/door.conf": "[Definition]\nfailregex = ^knock from <HOST>$\n",
    "action.d/nothing.conf": "[Definition]\nactionban = true\nactionunban = true\n",
    "watched.log": "",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  server = Bun.spawn([program, "-c", folder, "-s", socket, "-p", `${folder}/pid`, "-f", "start"], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const signal = AbortSignal.timeout(4_500);
  while (!(await isReady())) {
    signal.throwIfAborted();
    await Bun.sleep(50);
  }
});

afterAll(async () => {
  server?.kill();
  await server?.exited;
  rmSync(folder, { recursive: true });
});

async function isReady(): Promise<boolean> {
  const collected = await new InstanceUnderTest(fail2ban, { socket }).tick().catch(() => undefined);
  return collected?.samples.get("f2b_jail_count") === 2;
}

withServer("fail2ban: jails, failures, bans and settings are the server's", async () => {
  const instance = new InstanceUnderTest(fail2ban, { socket });
  const client = Bun.which("fail2ban-client") ?? "fail2ban-client";
  await Bun.$`${client} -c ${folder} -s ${socket} set front banip 192.0.2.7 2001:db8::7`.quiet();
  await Bun.$`${client} -c ${folder} -s ${socket} set back attempt 192.0.2.8`.quiet();
  const signal = AbortSignal.timeout(5_000);
  let { samples, degraded } = await instance.tick();
  while (samples.get('f2b_jail_banned_current{jail="front"}') !== 2) {
    signal.throwIfAborted();
    await Bun.sleep(50);
    ({ samples, degraded } = await instance.tick());
  }
  expect(degraded).toEqual([]);
  expect(samples.get('f2b_jail_banned_total{jail="front"}')).toBe(2);
  expect(samples.get('f2b_jail_failed_total{jail="back"}')).toBe(1);
  expect(samples.get('f2b_jail_failed_current{jail="back"}')).toBe(1);
  expect(samples.get('f2b_config_jail_ban_time{jail="front"}')).toBe(300);
  expect(samples.get('f2b_config_jail_ban_time{jail="back"}')).toBe(-1);
  expect(samples.get('f2b_config_jail_find_time{jail="back"}')).toBe(600);
  expect(samples.get('f2b_config_jail_max_retries{jail="front"}')).toBe(3);
  expect(samples.get('f2b_errors{type="socket_conn"}')).toBe(0);
  expectAssets(import.meta.dir, samples.keys());

  const [entry] = fail2ban.logs?.(Fail2banConfig.parse({ socket, log_files: [log] })) ?? [];
  const lines = (await Bun.file(log).text()).trimEnd().split("\n");
  const { records } = throughLogs(entry, lines);
  const ban = records.find(({ attributes }) => attributes["action"] === "Ban");
  expect(ban?.attributes).toMatchObject({ jail: "front", level: "NOTICE" });
  expect(["192.0.2.7", "2001:db8::7"]).toContain(ban?.attributes["address"] ?? "");
  expect(ban?.severity).toBe(10);
  expect(Math.abs(new Date(ban?.time ?? 0).getTime() - Date.now())).toBeLessThan(60_000);
});

test("fail2ban: a server that is gone, silent, or speaks something else makes the tick fail with the reason", async () => {
  expect(await reasonOf(join(folder, "nobody"))).toContain("ENOENT");
  expect(await answeredWith(undefined)).toBe("no answer in time");
  expect(await answeredWith(Buffer.from("xyz<F2B_END_COMMAND>"))).toStartWith(
    "a pickle that can't be read: opcode 0x78",
  );
  expect(await answeredWith(Buffer.from("\x80\x02K\x00K<F2B_END_COMMAND>", "latin1"))).toBe(
    "a pickle that ends too early",
  );
  const refusal = `\x80\x02K\x01cfail2ban.exceptions\nUnknownJailException\n)R\x86.`;
  expect(await answeredWith(Buffer.from(`${refusal}<F2B_END_COMMAND>`, "latin1"))).toBe(
    '"version" was refused: fail2ban.exceptions.UnknownJailException',
  );
});

function reasonOf(path: string): Promise<string> {
  const instance = new InstanceUnderTest(fail2ban, { socket: path }, 300);
  return instance.tick().then(() => "answered", messageOf);
}

async function answeredWith(answer: Buffer | undefined): Promise<string> {
  const path = join(folder, "other");
  const other = Bun.listen({
    unix: path,
    socket: { data: (own) => void (answer === undefined || own.write(answer)) },
  });
  const reason = await reasonOf(path);
  other.stop(true);
  rmSync(path, { force: true });
  return reason;
}

test("readPickle() reads what Python 2 and 3 write, and calls nothing", () => {
  // pickle.dumps(value, 2) and pickle.dumps(value, 5) of Python 3.11.
  const written = [
    "gAJLAF1xAChYAQAAAGFxAUsBhnECWAEAAABicQNKkO7+/4ZxBFgBAAAAY3EFigYAAAAAAAGGcQZYAQAAAGRxB0c/+AAAAAAAAIZxCFgBAAAAZXEJToZxClgBAAAAZnELiIZxDFgBAAAAZ3ENfXEOWAEAAABrcQ9YAQAAAHZxEHOGcRFlhnESLg==",
    "gAWVWAAAAAAAAABLAF2UKIwBYZRLAYaUjAFilEqQ7v7/hpSMAWOUigYAAAAAAAGGlIwBZJRHP/gAAAAAAACGlIwBZZROhpSMAWaUiIaUjAFnlH2UjAFrlIwBdpRzhpRlhpQu",
  ];
  for (const base64 of written)
    expect(readPickle(Buffer.from(base64, "base64"))).toEqual([
      0,
      [
        ["a", 1],
        ["b", -70_000],
        ["c", 2 ** 40],
        ["d", 1.5],
        ["e", null],
        ["f", true],
        ["g", new Map([["k", "v"]])],
      ],
    ]);
  const call = readPickle(
    Buffer.from("\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.", "latin1"),
  );
  expect(call).toEqual(new PickledObject("os.system", ["true"]));
  expect(readPickle(pickleOf(["get", "ü"]))).toEqual(["get", "ü"]);
});

test("fail2ban: found where the socket answers; one that is root's alone is told with what to do", async () => {
  const process = { name: "fail2ban-server", args: ["-s", "/run/f2b.sock", "start"] };
  const asked: unknown[] = [];
  const found = await fail2ban.detect(
    hostOf({
      processes: [process],
      ask: async (address, bytes) => {
        asked.push(address, readPickle(Buffer.from(bytes, "latin1")));
        return "K\x00\x8c\x04pong";
      },
      files: { "/var/log/fail2ban.log": "" },
    }),
  );
  expect(asked).toEqual([{ path: "/run/f2b.sock" }, ["ping"]]);
  expect(found).toMatchObject([{ confidence: 1, options: { socket: "/run/f2b.sock" }, needs: [] }]);
  const closed = await fail2ban.detect(
    hostOf({ processes: [{ name: "fail2ban-server" }], units: ["fail2ban.service"] }),
  );
  expect(closed[0]?.options).toEqual({ log_files: [], journal_units: ["fail2ban.service"] });
  expect(closed[0]?.needs[0]?.why).toContain("root's");
});
