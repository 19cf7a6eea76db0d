import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "bun:test";
import { systemClock } from "#shared/runtime/clock.ts";
import { Host } from "./host.ts";
import { listenersOf, processesNamed, reachable } from "../host_view.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-host-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type FakeProcess = {
  readonly command: string;
  readonly cmdline: string;
  readonly start?: number;
  readonly flags?: number;
  readonly cgroup?: string;
  readonly network?: string;
  readonly sockets?: readonly number[];
};

/** A tree as /proc is, in files and links. */
class FakeProc {
  readonly path = mkdtempSync(join(folder, "proc-"));

  constructor() {
    mkdirSync(join(this.path, "net"));
    mkdirSync(join(this.path, "self/ns"), { recursive: true });
    symlinkSync("net:[1]", join(this.path, "self/ns/net"));
    writeFileSync(join(this.path, "self/cgroup"), "0::/system.slice/lapwing.service\n");
  }

  add(pid: number, one: FakeProcess): void {
    const own = join(this.path, String(pid));
    rmSync(own, { recursive: true, force: true });
    mkdirSync(join(own, "fd"), { recursive: true });
    mkdirSync(join(own, "ns"));
    const middle = "0 -1 0 0 0 0 0 0 0 20 0 1 0";
    const [flags, start] = [one.flags ?? 0, one.start ?? 100];
    writeFileSync(
      join(own, "stat"),
      `${pid} (${one.command}) S 1 ${pid} ${pid} 0 -1 ${flags} 0 ${middle.slice(5)} 0 ${start} 0 0\n`,
    );
    writeFileSync(join(own, "cmdline"), one.cmdline);
    writeFileSync(join(own, "cgroup"), one.cgroup ?? "0::/system.slice/some.service\n");
    if (one.network !== undefined) symlinkSync(one.network, join(own, "ns/net"));
    for (const [i, inode] of (one.sockets ?? []).entries())
      symlinkSync(`socket:[${inode}]`, join(own, "fd", String(3 + i)));
  }

  remove(pid: number): void {
    rmSync(join(this.path, String(pid)), { recursive: true });
  }

  tables(tables: Readonly<Record<string, readonly string[]>>): void {
    for (const [name, lines] of Object.entries(tables))
      writeFileSync(join(this.path, "net", name), `header\n${lines.map((l) => `${l}\n`).join("")}`);
  }

  host(sys = "/nowhere"): Host {
    return new Host(systemClock, { proc: this.path, sys });
  }
}

const inet = (local: string, state: string, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0`;

test("processes have their names and arguments; the kernel's and dead ones are left out, containers are marked", () => {
  const proc = new FakeProc();
  proc.add(7, {
    command: "memcached",
    cmdline: ["/usr/bin/memcached", "-p", "11211", ""].join("\0"),
  });
  proc.add(8, { command: "kworker/0:1", cmdline: "", flags: 0x0420_8060 });
  proc.add(9, {
    command: "a) S b (c",
    cmdline: `java\0-cp\0${"x".repeat(5_000)}\0kafka.Kafka\0\0\0`,
  });
  proc.add(10, { command: "redis", cmdline: "redis\0", network: "net:[2]" });
  proc.add(11, {
    command: "redis",
    cmdline: "redis\0",
    network: "net:[1]",
    cgroup: "0::/docker-1",
  });
  proc.add(12, {
    command: "redis",
    cmdline: "redis\0",
    cgroup: "0::/system.slice/docker-ab.scope\n",
  });
  const { processes } = proc.host().look();
  expect(processes.map(({ pid, name, ownNetwork }) => [pid, name, ownNetwork])).toEqual([
    [7, "memcached", false],
    [9, "a) S b (c", false],
    [10, "redis", true],
    [11, "redis", false],
    [12, "redis", true],
  ]);
  expect(processes[0]).toMatchObject({
    executable: "memcached",
    args: ["/usr/bin/memcached", "-p", "11211"],
  });
  expect(processes[1]?.args.map(({ length }) => length)).toEqual([4, 3, 1_024, 11]);
});

test("a process is read again when it is another one: by start time, by command, and once after it appeared", () => {
  const proc = new FakeProc();
  const host = proc.host();
  const names = () => host.look().processes.map(({ args }) => args.join(" "));
  proc.add(7, { command: "sh", cmdline: "sh\0start\0" });
  expect(names()).toEqual(["sh start"]);
  proc.add(7, { command: "sh", cmdline: "sh\0title\0" });
  expect(names()).toEqual(["sh title"]);
  proc.add(7, { command: "sh", cmdline: "sh\0another title\0" });
  expect(names()).toEqual(["sh title"]);
  proc.add(7, { command: "redis-server", cmdline: "redis-server\0" });
  expect(names()).toEqual(["redis-server"]);
  proc.add(7, { command: "redis-server", cmdline: "other\0", start: 200 });
  expect(names()).toEqual(["other"]);
  proc.remove(7);
  expect(names()).toEqual([]);
});

test("listeners of all tables have addresses as people write them, and owners", () => {
  const proc = new FakeProc();
  proc.tables({
    tcp: [
      inet("0100007F:2BCB", "0A", 11),
      inet("00000000:0050", "0A", 12),
      inet("0100007F:1F90", "01", 13),
    ],
    tcp6: [
      inet("00000000000000000000000000000000:0051", "0A", 14),
      inet("0000000000000000FFFF00000100007F:23F0", "0A", 15),
      inet("B80D0120000000000000000001000000:0052", "0A", 16),
    ],
    udp: [inet("00000000:1FBD", "07", 17), inet("0100007F:0035", "01", 18)],
    unix: [
      "0: 00000002 00000000 00010000 0001 01 19 /run/php/fpm.sock",
      "0: 00000003 00000000 00000000 0001 03 20 /run/php/fpm.sock",
      "0: 00000002 00000000 00000000 0002 01 21 /run/systemd/notify",
      "0: 00000002 00000000 00010000 0001 01 22 @abstract",
    ],
  });
  proc.add(1, { command: "systemd", cmdline: "init\0", sockets: [11] });
  proc.add(7, { command: "memcached", cmdline: "memcached\0", sockets: [13, 11] });
  proc.add(8, { command: "php-fpm", cmdline: "php-fpm\0", sockets: [19] });
  proc.add(9, { command: "php-fpm", cmdline: "php-fpm\0", sockets: [19] });
  const look = proc.host().look();
  expect(
    look.listeners.map(({ protocol, host, port, path, pid }) => [protocol, host, port, path, pid]),
  ).toEqual([
    ["tcp", "127.0.0.1", 11_211, "", 7],
    ["tcp", "0.0.0.0", 80, "", undefined],
    ["tcp", "::", 81, "", undefined],
    ["tcp", "127.0.0.1", 9_200, "", undefined],
    ["tcp", "2001:db8::1", 82, "", undefined],
    ["udp", "0.0.0.0", 8_125, "", undefined],
    ["unix", "", 0, "/run/php/fpm.sock", 8],
    ["unix", "", 0, "/run/systemd/notify", undefined],
  ]);
  const found = listenersOf(look, processesNamed(look, "memcached"), [11_211]);
  expect(found.map(reachable)).toEqual(["127.0.0.1:11211"]);
  expect(look.listeners.map(reachable)[4]).toBe("[2001:db8::1]:82");
});

test("a socket that systemd held goes to the service that it starts, and to the child when the parent dies", () => {
  const proc = new FakeProc();
  const host = proc.host();
  const owner = () => host.look().listeners[0]?.pid;
  proc.tables({ tcp: [inet("0100007F:2BCB", "0A", 11)] });
  expect(owner()).toBeUndefined();
  proc.add(1, { command: "systemd", cmdline: "init\0", sockets: [11] });
  expect(owner()).toBe(1);
  proc.add(7, { command: "sshd", cmdline: "sshd\0", sockets: [11] });
  expect(owner()).toBe(7);
  proc.add(8, { command: "sshd", cmdline: "sshd\0", sockets: [11] });
  expect(owner()).toBe(7);
  proc.remove(7);
  expect(owner()).toBe(8);
});

test("units are the services that have control groups, those of templates too", () => {
  const sys = join(folder, "sys");
  const slice = join(sys, "fs/cgroup/system.slice");
  for (const name of [
    "nginx.service",
    "ssh.socket",
    "system-postgresql.slice/postgresql@15-main.service",
  ])
    mkdirSync(join(slice, name), { recursive: true });
  expect([...new FakeProc().host(sys).look().units].toSorted()).toEqual([
    "nginx.service",
    "postgresql@15-main.service",
  ]);
});

test("files, globs and what is there are read as this process may", async () => {
  const look = new FakeProc().host().look();
  const files = join(folder, "files");
  mkdirSync(join(files, "b"), { recursive: true });
  writeFileSync(join(files, "a.conf"), "x".repeat(100_000));
  writeFileSync(join(files, "b/c.conf"), "port 1\n");
  expect([look.exists(files), look.exists(join(files, "none"))]).toEqual([true, false]);
  expect((await look.read(join(files, "a.conf")))?.length).toBe(65_536);
  expect(await look.read(files)).toBeUndefined();
  expect(await look.read(join(files, "none"))).toBeUndefined();
  expect(await look.glob(`${files}/*/*.conf`)).toEqual([join(files, "b/c.conf")]);
  expect(await look.glob(`${files}/*`)).toEqual([join(files, "a.conf"), join(files, "b")]);
  expect(await look.glob(`${files}/none/*`)).toEqual([]);
});

test("this host: a server of this process is found with its owner, asked once, and asked anew when another one listens", async () => {
  const host = new Host(systemClock);
  let asked = 0;
  const serve = (port = 0) =>
    Bun.listen({
      hostname: "127.0.0.1",
      port,
      socket: { data: (socket) => void socket.write(`answer ${++asked}\r\n`) },
    });
  let server = serve();
  const { port } = server;
  const address = { host: "127.0.0.1", port };
  const listener = () => host.look().listeners.find((each) => each.port === port);
  expect(listener()).toMatchObject({ protocol: "tcp", host: "127.0.0.1", pid: process.pid });
  expect(await host.look().ask(address, "who\r\n")).toBe("answer 1\r\n");
  expect(await host.look().ask(address, "who\r\n")).toBe("answer 1\r\n");
  expect(await host.look().ask(address, "else\r\n")).toBe("answer 2\r\n");
  server.stop(true);
  server = serve(port);
  expect(await host.look().ask(address, "who\r\n")).toBe("answer 3\r\n");
  server.stop(true);
  expect(listener()).toBeUndefined();
  expect(await host.look().ask(address, "who\r\n")).toBeUndefined();
});

function answer(request: Request): Response {
  return new URL(request.url).pathname === "/long"
    ? new Response("x".repeat(100_000))
    : new Response("moved", { status: 302, headers: { location: "/long" } });
}

test("get: status and the front of the body, of Unix sockets too; silence and what is not HTTP are no answer", async () => {
  const look = new Host(systemClock).look();
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  const unix = join(folder, "http.sock");
  using local = Bun.serve({ unix, fetch: answer });
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  expect((await look.get(`${server.url.origin}/long`))?.body.length).toBe(65_536);
  expect(await look.get(server.url.href)).toEqual({ status: 302, body: "moved" });
  expect(await look.get("http://localhost/x", { unixSocket: unix })).toMatchObject({ status: 302 });
  expect(await look.get(`http://127.0.0.1:${silent.port}/`)).toBeUndefined();
  expect(local.port).toBeUndefined();
  silent.stop(true);
});
