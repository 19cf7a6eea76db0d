import { afterEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger, silentLogger } from "#shared/runtime/log.ts";
import { startNameServer } from "#test/support/name_server.ts";
import type { DiscoveryContext, TargetGroup } from "./discovery.ts";
import { discoveries } from "./registry.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Runs a discovery and waits for what it tells and logs. */
function run(start: (context: DiscoveryContext) => Promise<void>, nameServers?: readonly string[]) {
  const abort = new AbortController();
  const told: (readonly TargetGroup[])[] = [];
  const logged: string[] = [];
  let wake: (() => void) | undefined;
  const context: DiscoveryContext = {
    clock: systemClock,
    log: createLogger("warn", (line) => {
      logged.push(line);
      wake?.();
    }),
    signal: abort.signal,
    update: (groups) => {
      told.push(groups);
      wake?.();
    },
    ...(nameServers === undefined ? {} : { nameServers }),
  };
  const running = start(context);
  cleanups.push(async () => {
    abort.abort();
    await running;
  });
  const until = async (isReached: () => boolean) => {
    while (!isReached()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  /** The addresses as told last. */
  const addresses = () =>
    (told.at(-1) ?? []).flatMap(({ targets }) => targets.map((target) => target["__address__"]));
  return { told, logged, until, addresses };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-discovery-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("static: the targets of the configuration, once", async () => {
  const config = discoveries.static.config.parse({ targets: ["a:1", "b:2"], labels: { x: 1 } });
  const { told, until } = run((context) => discoveries.static.run(config, context));
  await until(() => told.length > 0);
  expect(told).toEqual([
    [{ targets: [{ __address__: "a:1" }, { __address__: "b:2" }], labels: { x: "1" } }],
  ]);
});

const list = (...targets: string[]) => JSON.stringify([{ targets, labels: { x: "y" } }]);
test("file: content, changes, bad content, new and removed files", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "a.json");
  await Bun.write(path, list("a:1"));
  const config = discoveries.file.config.parse({
    files: [join(folder, "*.json"), join(folder, "*.yml")],
  });
  const { told, logged, until, addresses } = run((context) =>
    discoveries.file.run(config, context),
  );
  const has = (...expected: string[]) =>
    until(
      () =>
        addresses().length === expected.length &&
        expected.every((each) => addresses().includes(each)),
    );

  await has("a:1");
  expect(told.at(-1)).toEqual([
    { targets: [{ __address__: "a:1" }], labels: { x: "y", __meta_filepath: path } },
  ]);
  await Bun.write(`${path}.new`, list("a:2", "a:3"));
  await rename(`${path}.new`, path);
  await has("a:2", "a:3");
  await Bun.write(
    join(folder, "b.yml"),
    "- targets: [b:1]\n  labels: {n: 5}\n- targets: ['b:2']\n",
  );
  await has("a:2", "a:3", "b:1", "b:2");

  for (const bad of ["{not json", `{"targets":["x:1"]}`, `[{"targets":["x:1"],"other":1}]`]) {
    const before = logged.length;
    await Bun.write(path, bad);
    await until(() => logged.length > before);
    await has("a:2", "a:3", "b:1", "b:2");
  }
  await rm(path);
  await has("b:1", "b:2");
  await Bun.write(join(folder, "b.yml"), "");
  await has();
});

test("file: a folder that comes later is found at the interval", async () => {
  const folder = join(await temporaryFolder(), "later");
  const config = discoveries.file.config.parse({
    files: [join(folder, "a.yaml")],
    refresh_interval: "50ms",
  });
  const { told, until, addresses } = run((context) => discoveries.file.run(config, context));
  await until(() => told.length > 0);
  expect(addresses()).toEqual([]);
  await mkdir(folder);
  await Bun.write(join(folder, "a.yaml"), "- targets: ['a:1']\n");
  await until(() => addresses().join() === "a:1");
});

const goodAnswer = () => Response.json([{ targets: ["a:1"], labels: { x: "y" } }]);
test("http: the list, its changes, and errors that leave the last one", async () => {
  let answer = goodAnswer;
  const asked: Headers[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      asked.push(request.headers);
      return answer();
    },
  });
  cleanups.push(() => server.stop(true));
  const config = discoveries.http.config.parse({
    url: server.url.toString(),
    refresh_interval: "40ms",
    bearer_token: "hush",
  });
  const { told, logged, until, addresses } = run((context) =>
    discoveries.http.run(config, context),
  );
  await until(() => told.length > 0);
  expect(told[0]).toEqual([
    { targets: [{ __address__: "a:1" }], labels: { x: "y", __meta_url: server.url.toString() } },
  ]);
  expect(asked[0]?.get("x-prometheus-refresh-interval-seconds")).toBe("0.04");
  expect(asked[0]?.get("authorization")).toBe("Bearer hush");

  const faults: [() => Response, string][] = [
    [() => new Response("no", { status: 503 }), "503"],
    [() => new Response("[]", { headers: { "Content-Type": "text/plain" } }), "content type"],
    [() => new Response("[", { headers: { "Content-Type": "application/json" } }), "JSON"],
    [() => Response.json({ targets: [] }), "expected array"],
  ];
  for (const [fault, message] of faults) {
    answer = fault;
    await until(() => logged.some((line) => line.includes(message)));
    expect(addresses()).toEqual(["a:1"]);
  }
  answer = () => Response.json([]);
  await until(() => told.at(-1)?.length === 0);
  expect(logged.join()).not.toContain("hush");
});

test("dns: every type of record with its meta labels", async () => {
  const server = await startNameServer({
    "_m._tcp.test SRV": [{ priority: 1, weight: 2, port: 9100, host: "a.test" }],
    "a.test A": ["10.0.0.1", "10.0.0.2"],
    "a.test AAAA": ["2001:db8::1"],
    "a.test MX": [{ priority: 5, host: "mail.test" }],
    "a.test NS": ["ns.test"],
  });
  cleanups.push(() => server.close());
  const cases: [Record<string, unknown>, Record<string, string>[]][] = [
    [
      { names: ["_m._tcp.test"] },
      [
        {
          __address__: "a.test:9100",
          __meta_dns_name: "_m._tcp.test",
          __meta_dns_srv_record_target: "a.test.",
          __meta_dns_srv_record_port: "9100",
        },
      ],
    ],
    [
      { names: ["a.test"], type: "A", port: 80 },
      [
        { __address__: "10.0.0.1:80", __meta_dns_name: "a.test" },
        { __address__: "10.0.0.2:80", __meta_dns_name: "a.test" },
      ],
    ],
    [
      { names: ["a.test"], type: "aaaa", port: 80 },
      [{ __address__: "[2001:db8::1]:80", __meta_dns_name: "a.test" }],
    ],
    [
      { names: ["a.test"], type: "MX", port: 25 },
      [
        {
          __address__: "mail.test:25",
          __meta_dns_name: "a.test",
          __meta_dns_mx_record_target: "mail.test.",
        },
      ],
    ],
    [
      { names: ["a.test"], type: "NS", port: 53 },
      [
        {
          __address__: "ns.test:53",
          __meta_dns_name: "a.test",
          __meta_dns_ns_record_target: "ns.test.",
        },
      ],
    ],
  ];
  for (const [written, targets] of cases) {
    const config = discoveries.dns.config.parse(written);
    const { told, until } = run(
      (context) => discoveries.dns.run(config, context),
      [server.address],
    );
    await until(() => told.length > 0);
    expect(told[0]).toEqual([{ targets, labels: {} }]);
  }
});

test("dns: a name that goes away takes its targets, a server that fails does not", async () => {
  const records: Record<string, string[]> = { "a.test A": ["10.0.0.1"] };
  const server = await startNameServer(records);
  cleanups.push(() => server.close());
  const config = discoveries.dns.config.parse({
    names: ["a.test"],
    type: "A",
    port: 80,
    refresh_interval: "40ms",
  });
  const { logged, until, addresses } = run(
    (context) => discoveries.dns.run(config, context),
    [server.address],
  );
  await until(() => addresses().join() === "10.0.0.1:80");
  server.fail(true);
  await until(() => logged.length > 0);
  expect(addresses()).toEqual(["10.0.0.1:80"]);
  server.fail(false);
  delete records["a.test A"];
  await until(() => addresses().length === 0);
});

test("a discovery that is stopped ends", async () => {
  const abort = new AbortController();
  abort.abort();
  const context = { clock: systemClock, log: silentLogger, signal: abort.signal, update: () => {} };
  await discoveries.file.run(discoveries.file.config.parse({ files: ["/x/a.json"] }), context);
  await discoveries.http.run(
    discoveries.http.config.parse({ url: "http://127.0.0.1:1/" }),
    context,
  );
  await discoveries.dns.run(discoveries.dns.config.parse({ names: ["x"] }), context);
  await discoveries.static.run({ targets: [] }, context);
});
