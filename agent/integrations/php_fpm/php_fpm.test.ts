import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { messageOf } from "#shared/errors.ts";
import { type Daemon, serverFolder, startDaemon } from "#test/support/daemon.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { realAsking } from "#test/support/real_asking.ts";
import { Conversation } from "../connections/conversation.ts";
import { fastCgiBody, fastCgiGet } from "./fastcgi.ts";
import { phpFpm } from "./integration.ts";
import { poolsOf } from "./pool_files.ts";

/** Named after the version of PHP. */
const program = [...new Bun.Glob("php-fpm*").scanSync({ cwd: "/usr/sbin", onlyFiles: false })]
  .toSorted()
  .at(-1);
const withServer = test.skipIf(program === undefined);

let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Daemon | undefined;
let port = 0;
const socket = () => `${folder.path}/www.sock`;

const pools = () => `[www]
listen = ${socket()}
pm = static
pm.max_children = 2
pm.status_path = /fpm
slowlog = ${folder.path}/$pool.slow
access.log = ${folder.path}/access.log
[other]
listen = 127.0.0.1:${port}
pm = static
pm.max_children = 1
pm.status_path = /status
[bare]
listen = ${folder.path}/bare.sock
pm = ondemand
pm.max_children = 1
;pm.status_path = /status
`;
const global = () => `[global]\nerror_log = ${folder.path}/error.log\ndaemonize = no\n`;
/** Root's server must run its children as somebody else. */
const asNobody = (text: string) =>
  process.getuid?.() === 0
    ? text.replaceAll(/^pm = /gm, "user = nobody\ngroup = nogroup\nlisten.mode = 0666\npm = ")
    : text;

beforeAll(async () => {
  folder = await serverFolder("php");
  port = await freePort();
  if (program === undefined) return;
  await mkdir(`${folder.path}/www`);
  await Bun.write(`${folder.path}/fpm.conf`, global() + asNobody(pools()));
  await Bun.write(`${folder.path}/www/hello.php`, '<?php error_log("remember"); echo "hello";');
  await chmod(`${folder.path}/www/hello.php`, 0o644);
  const command = [`/usr/sbin/${program}`, "-F", "-y", `${folder.path}/fpm.conf`];
  const one = new InstanceUnderTest(phpFpm, { address: socket(), status_path: "/fpm" });
  // The first child may answer before the second is there.
  const children = `phpfpm_total_processes{pool="www",scrape_uri="unix://${socket()};/fpm"}`;
  const isWhole = async () => (await one.tick()).samples.get(children) === 2;
  server = await startDaemon(command, isWhole);
});

afterAll(async () => {
  await server?.stop();
  await folder[Symbol.asyncDispose]();
});

async function run(script: string): Promise<string> {
  const talk = await Conversation.open({ path: socket() }, AbortSignal.timeout(5_000));
  try {
    talk.send(fastCgiGet(script, "a=1"));
    return await fastCgiBody(talk);
  } finally {
    talk.close();
  }
}

withServer("php_fpm: requests and processes are those of the pool, over a socket", async () => {
  const options = { address: socket(), status_path: "/fpm" };
  const labels = `pool="www",scrape_uri="unix://${socket()};/fpm"`;
  const instance = new InstanceUnderTest(phpFpm, options);
  const accepted = `phpfpm_accepted_connections{${labels}}`;
  const before = (await instance.tick()).samples.get(accepted) ?? 0;
  expect(await run(`${folder.path}/www/hello.php`)).toBe("hello");
  const { samples, degraded } = await instance.tick();
  expect(degraded).toEqual([]);
  expect(samples.get(accepted)).toBe(before + 2);
  expect(samples.get(`phpfpm_total_processes{${labels}}`)).toBe(2);
  // The other one may still finish the request before.
  expect(samples.get(`phpfpm_active_processes{${labels}}`)).toBeGreaterThan(0);
  expect(samples.get(`phpfpm_up{${labels}}`)).toBe(1);
  expect(samples.get(`phpfpm_scrape_failures{${labels}}`)).toBe(0);
  const running = [0, 1].map((child) =>
    samples.get(
      `phpfpm_process_state{pool="www",child="${child}",state="Running",scrape_uri="unix://${socket()};/fpm"}`,
    ),
  );
  expect(running).toContain(1);
  const few = await new InstanceUnderTest(phpFpm, { ...options, processes: false }).tick();
  expect([...few.samples.keys()].filter((key) => key.includes("_process_"))).toEqual([]);
  expectAssets(import.meta.dir, samples.keys());
});

withServer(
  "php_fpm: a pool over TCP is told, and one without the page or with another path by name",
  async () => {
    const { samples } = await new InstanceUnderTest(phpFpm, {
      address: `127.0.0.1:${port}`,
    }).tick();
    const labels = `pool="other",scrape_uri="tcp://127.0.0.1:${port}/status"`;
    expect(samples.get(`phpfpm_up{${labels}}`)).toBe(1);
    expect(samples.get(`phpfpm_total_processes{${labels}}`)).toBe(1);
    for (const name of ["www", "bare"])
      expect(await reasonOf(`${folder.path}/${name}.sock`)).toBe(
        "/status is not the pool's pm.status_path",
      );
  },
);

withServer(
  "php_fpm: detection reads the pools, asks their pages, and tells what lacks",
  async () => {
    const file = "/etc/php/8.2/fpm/pool.d/www.conf";
    const processes = [{ name: "php-fpm8.2" }];
    const found = await phpFpm.detect(
      hostOf({ processes, files: { [file]: pools() }, ...realAsking }),
    );
    expect(found).toMatchObject([
      {
        confidence: 1,
        needs: [],
        options: { address: socket(), status_path: "/fpm", slow_logs: [`${folder.path}/www.slow`] },
      },
      { options: { address: `127.0.0.1:${port}`, error_logs: [] }, needs: [] },
      { options: { address: `${folder.path}/bare.sock` }, needs: [{ key: "status_path" }] },
    ]);
    const gone = pools().replace("www.sock", "gone.sock");
    const [closed] = await phpFpm.detect(
      hostOf({ processes, files: { [file]: gone }, ...realAsking }),
    );
    expect(closed?.needs[0]?.why).toContain("listen.acl_users");
    expect(await phpFpm.detect(hostOf({}))).toEqual([]);
  },
);

withServer(
  "php_fpm: pools of every master that runs are found by the files that it names, and those of others are not",
  async () => {
    const more = await serverFolder("php-more");
    const own = `${more.path}/main.conf`;
    const sockets = ["one", "two"].map((name) => `${more.path}/${name}.sock`);
    await mkdir(`${more.path}/pool.d`);
    for (const [i, path] of sockets.entries())
      await Bun.write(`${more.path}/pool.d/${i}.conf`, asNobody(poolText(path, i)));
    const log = `error_log = ${more.path}/error.log`;
    await Bun.write(own, `[global]\n${log}\ndaemonize = no\ninclude=${more.path}/pool.d/*.conf\n`);
    const ticks = sockets.map(
      (address, i) => new InstanceUnderTest(phpFpm, { address, status_path: `/s${i}` }),
    );
    const second = await startDaemon([`/usr/sbin/${program}`, "-F", "-y", own], async () =>
      (await Promise.all(ticks.map((each) => each.tick()))).every(
        ({ samples }) => samples.size > 0,
      ),
    );
    // What the masters and pools of this test call themselves.
    const titles = readdirSync("/proc").flatMap((pid) => titleOf(pid));
    const processes = titles
      .filter((title) => title.includes(folder.path) || title.includes(more.path))
      .map((title) => ({ name: program ?? "", args: [title] }));
    expect(processes).toHaveLength(2);
    const files = Object.fromEntries(
      await Promise.all(
        [own, `${folder.path}/fpm.conf`, ...[0, 1].map((i) => `${more.path}/pool.d/${i}.conf`)].map(
          async (path) => [path, await Bun.file(path).text()] as const,
        ),
      ),
    );
    const left = { "/etc/php/7.4/fpm/pool.d/old.conf": "[old]\nlisten = /run/old.sock\n" };
    const found = await phpFpm.detect(
      hostOf({ processes, files: { ...files, ...left }, ...realAsking }),
    );
    const told = found.map(({ options, needs }) => [
      options.address,
      options.error_logs,
      needs.length,
    ]);
    expect(told).toHaveLength(5);
    // In which order the masters stand is the process table's.
    expect(told).toEqual(
      expect.arrayContaining([
        [socket(), [`${folder.path}/error.log`], 0],
        [`127.0.0.1:${port}`, [], 0],
        [`${folder.path}/bare.sock`, [], 1],
        [sockets[0], [`${more.path}/error.log`], 0],
        [sockets[1], [], 0],
      ]),
    );
    await second.stop();
    await more[Symbol.asyncDispose]();
  },
);

function poolText(path: string, i: number): string {
  return `[p${i}]\nlisten = ${path}\npm = static\npm.max_children = 1\npm.status_path = /s${i}\n`;
}

/** Of a process of PHP-FPM's masters; it may end meanwhile. */
function titleOf(pid: string): string[] {
  try {
    const title = readFileSync(`/proc/${pid}/cmdline`, "latin1").replace(/\0+$/, "");
    return title.startsWith("php-fpm: master process") ? [title] : [];
  } catch {
    return [];
  }
}

withServer("php_fpm: its log has times and severities", async () => {
  const logs = new LogsUnderTest(phpFpm, {});
  const text = await Bun.file(`${folder.path}/error.log`).text();
  const [first] = logs.read("error", text);
  expect([first?.severity, first?.body.includes("fpm is running")]).toEqual([9, true]);
  const age = Date.now() - Date.parse(first?.time ?? "");
  expect(age).toBeGreaterThan(-1_000);
  expect(age).toBeLessThan(120_000);
});

test("php_fpm: warnings of children and slow requests, with their stacks, are one record each", () => {
  const logs = new LogsUnderTest(phpFpm, { slow_logs: ["/var/log/slow.log"] });
  const lines = [
    '[21-Nov-2026 21:32:19] WARNING: [pool www] child 12 said into stderr: "one',
    'two"',
    "[21-Nov-2026 21:32:20.123456] ALERT: [pool www] child 13 exited on signal 11",
  ];
  const errors = logs.read("error", `${lines.join("\n")}\n`);
  expect(
    errors.map(({ severity, attributes }) => [severity, attributes.pool, attributes.pid]),
  ).toEqual([
    [13, "www", "12"],
    [21, "www", "13"],
  ]);
  // As php-fpm 8.2 writes it (sapi/fpm/fpm/fpm_php_trace.c).
  const slow = `
[21-Nov-2026 21:32:19]  [pool www] pid 7
script_filename = /var/www/slow.php
[0x00007f0000000070] sleep() /var/www/slow.php:3
[0x00007f0000000000] main() /var/www/slow.php:5

[21-Nov-2026 21:32:20]  [pool www] pid 8
script_filename = /var/www/other.php
`;
  const records = logs.read("slow", slow).filter(({ body }) => body !== "");
  expect(
    records.map(({ severity, attributes }) => [severity, attributes.script, attributes.function]),
  ).toEqual([
    [13, "/var/www/slow.php", "sleep()"],
    [13, "/var/www/other.php", undefined],
  ]);
});

test("php_fpm: what is not FastCGI, says nothing or ends early makes the tick fail with the reason", async () => {
  const answers = {
    web: "HTTP/1.1 400 Bad Request\r\n\r\n",
    early: "\u0001\u0006\0\u0001",
    silent: "",
  };
  const told: Record<string, string> = {};
  for (const [name, answer] of Object.entries(answers)) {
    const other = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (one) => void (answer === "" ? undefined : one.end(answer)) },
    });
    told[name] = await reasonOf(`127.0.0.1:${other.port}`);
    other.stop(true);
  }
  expect(told).toEqual({
    web: "the answer is not FastCGI",
    early: "the connection was closed",
    silent: "no answer in time",
  });
  expect(await reasonOf("/nowhere/sock")).toContain("ENOENT");
});

test("poolsOf() reads sections, comments, variables and addresses", () => {
  const text = `listen = 1
[global]
error_log = x
[a]
listen = 9001 ; comment
pm.status_path = /s
[b]
listen = "0.0.0.0:9002"
pm.status_listen = /run/$pool.sock
[c]
listen = relative.sock
`;
  expect(
    poolsOf([{ file: "f", text }]).map(({ name, address, statusPath }) => [
      name,
      address,
      statusPath,
    ]),
  ).toEqual([
    ["a", "127.0.0.1:9001", "/s"],
    ["b", "/run/b.sock", undefined],
  ]);
  expect(() => fastCgiGet("/é", "")).toThrow("expected up to 100 ASCII letters");
});

function reasonOf(address: string): Promise<string> {
  const instance = new InstanceUnderTest(phpFpm, { address }, 300);
  return instance.tick().then(() => "answered", messageOf);
}
