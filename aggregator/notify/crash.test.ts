import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { crashMoments, crashSeed } from "#test/support/crash_moments.ts";
import { LineReader } from "#test/support/line_reader.ts";
import { openTestAlertmanager } from "./crash.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-notify-crash-"));
afterAll(() => rmSync(folder, { recursive: true }));

const Body = z.object({
  groupKey: z.string(),
  reason: z.string(),
  alerts: z.array(z.string()),
  /** Of the process that sent it. */
  pid: z.number(),
});
type Body = z.output<typeof Body>;

/** Where notifications go. */
function startSink() {
  const received: Body[] = [];
  const waiting: (() => void)[] = [];
  const sink = {
    received,
    /** Resolves with the next request that comes. */
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
    stop: () => server.stop(true),
    url: "",
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      received.push(Body.parse(await request.json()));
      for (const resolve of waiting.splice(0)) resolve();
      return new Response("ok");
    },
  });
  sink.url = `http://127.0.0.1:${server.port}/`;
  return sink;
}

function configFileFor(name: string, url: string): string {
  const file = join(folder, `${name}.yml`);
  writeFileSync(
    file,
    `route: {receiver: r, group_by: [alertname], group_wait: 0s, group_interval: 1h, repeat_interval: 24h}
receivers: [{name: r, hook_configs: [{url: "${url}"}]}]
`,
  );
  return file;
}

async function startProcess(catalogFile: string, configFile: string, killedAt = "") {
  const fixture = join(import.meta.dir, "crash.fixture.ts");
  const child = Bun.spawn([process.execPath, fixture, catalogFile, configFile, killedAt], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = new LineReader(child.stdout);
  expect(await lines.next()).toBe("ready");
  return {
    /** "taken", or nothing where the process ended. */
    put: async (...names: readonly string[]) => {
      try {
        await child.stdin.write(`${names.join(" ")}\n`);
        await child.stdin.flush();
        return await lines.next();
      } catch {
        return "";
      }
    },
    exited: child.exited,
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function statesOf(catalogFile: string, configFile: string): Promise<string[]> {
  const { alertmanager, catalog } = await openTestAlertmanager(catalogFile, configFile);
  const history = await alertmanager.state.history(1_000);
  await alertmanager.stop();
  await catalog.close();
  return history.map(({ state }) => state).toSorted();
}

test.each([
  // The row is written, and nothing is sent.
  ["before_send", 1],
  // It is sent, and the row is not marked.
  ["after_send", 2],
] as const)(
  "a notification of a process killed %s arrives %d times",
  async (killedAt, times) => {
    const sink = startSink();
    const [catalog, config] = [join(folder, `${killedAt}.db`), configFileFor(killedAt, sink.url)];
    const first = await startProcess(catalog, config, killedAt);
    await first.put("A");
    await first.exited;
    expect(await statesOf(catalog, config)).toEqual(["interrupted"]);
    const second = await startProcess(catalog, config);
    while (sink.received.length < times) await sink.next();
    await second.put("end");
    while (sink.received.length < times + 1) await sink.next();
    await second.kill();
    expect(sink.received.map(({ alerts }) => alerts.join())).toEqual([
      ...Array.from({ length: times }, () => "A firing"),
      "end firing",
    ]);
    await sink.stop();
  },
  30_000,
);

const alert = (name: string) => ({
  labels: { alertname: name },
  annotations: {},
  generatorUrl: "",
});

test("a restart resolves no alert and sends no second first notification", async () => {
  const sink = startSink();
  const [catalog, config] = [join(folder, "restart.db"), configFileFor("restart", sink.url)];
  let { alertmanager, catalog: opened } = await openTestAlertmanager(catalog, config);
  alertmanager.start();
  const arrived = sink.next();
  await alertmanager.put([alert("A")]);
  await arrived;
  while ((await alertmanager.state.history(1))[0]?.state !== "sent") await Bun.sleep(5);
  await alertmanager.stop();
  await opened.close();
  for (let n = 0; n < 3; n++) {
    ({ alertmanager, catalog: opened } = await openTestAlertmanager(catalog, config));
    alertmanager.start();
    expect([...alertmanager.pipeline.active()].map(({ labels }) => labels)).toContainEqual({
      alertname: "A",
    });
    const other = sink.next();
    await alertmanager.put([alert(`other${n}`)]);
    await other;
    while ((await alertmanager.state.history(1))[0]?.state !== "sent") await Bun.sleep(5);
    await alertmanager.stop();
    await opened.close();
  }
  expect(sink.received.map(({ alerts, reason }) => `${alerts.join()} ${reason}`)).toEqual([
    "A firing first notification",
    "other0 firing first notification",
    "other1 firing first notification",
    "other2 firing first notification",
  ]);
  await sink.stop();
}, 30_000);

test(`processes killed at any moment lose no alert and send none more than once extra a kill (CRASH_SEED=${crashSeed})`, async () => {
  const sink = startSink();
  const [catalog, config] = [join(folder, "any.db"), configFileFor("any", sink.url)];
  const delayBelow = crashMoments();
  const taken: string[] = [];
  let kills = 0;
  for (let run = 0; run < 8; run++) {
    const one = await startProcess(catalog, config);
    const end = Bun.sleep(delayBelow(400)).then(() => one.kill());
    kills++;
    for (let n = 0; ; n++) {
      const name = `run${run}n${n}`;
      if ((await Promise.race([one.put(name), end])) !== "taken") break;
      taken.push(name);
    }
    await end;
  }
  expect(taken.length).toBeGreaterThan(10);
  const last = await startProcess(catalog, config);
  const count = (name: string) =>
    sink.received.filter(({ alerts }) => alerts.includes(`${name} firing`)).length;
  while (taken.some((name) => count(name) === 0)) await sink.next();
  await last.put("end");
  while (count("end") === 0) await sink.next();
  await last.kill();
  const extra = taken.reduce((sum, name) => sum + count(name) - 1, 0);
  console.log(`${taken.length} alerts, ${kills} kills: ${extra} notifications were sent again`);
  // A kill can hit a notification that another kill hit before, but no process sends one twice.
  const sent = sink.received.flatMap(({ alerts, pid }) => alerts.map((one) => `${pid} ${one}`));
  expect(sent.filter((one, i) => sent.indexOf(one) !== i)).toEqual([]);
  await sink.stop();
}, 60_000);
