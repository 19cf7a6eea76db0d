import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "bun:test";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { type AnyIntegration, IntegrationsConfig } from "../config.ts";
import type { Finding } from "../integration.ts";
import { memcached } from "../memcached/integration.ts";
import { Detector } from "./detector.ts";
import { Host, type HostLook } from "./host.ts";
import { DetectionRounds } from "./round.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-detector-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Options = Record<string, unknown>;
const dayMs = 86_400_000;

/** A host on which services are said to be, a clock that is set, and detectors that look when they are told to. */
class World {
  readonly path = join(mkdtempSync(join(folder, "world-")), "integrations.json");
  readonly found: Finding<Options>[] = [];
  nowMs = Date.UTC(2026, 0, 1);
  port = 11_211;
  pid: number | undefined;
  container = false;
  service: string | undefined;

  detector(config: unknown = {}, integrations = [this.integration()]): Detector {
    const clock: Clock = { ...systemClock, now: () => this.nowMs };
    const host = { look: () => this.#look() };
    const parts = { clock, log: silentLogger, path: this.path, host, integrations };
    return new Detector(IntegrationsConfig.parse(config), parts);
  }

  /** Memcached, found as this world says. */
  integration(): AnyIntegration {
    return { ...memcached, detect: () => this.found };
  }

  find(options: Options, more: Partial<Finding<Options>> = {}): void {
    this.found.push({ confidence: 1, because: ["it answers"], needs: [], options, ...more });
  }

  #look(): HostLook {
    const listener = { protocol: "tcp", host: "127.0.0.1", path: "", inode: "1" } as const;
    return {
      processes: [],
      listeners: [{ ...listener, port: this.port, pid: this.pid }],
      units: new Set(),
      exists: () => false,
      read: () => Promise.resolve(undefined),
      glob: () => Promise.resolve([]),
      get: () => Promise.resolve(undefined),
      ask: () => Promise.resolve(undefined),
      isInContainer: () => this.container,
      serviceOf: () => this.service,
    };
  }
}

async function instancesAfter(detector: Detector, rounds = 1): Promise<string[]> {
  for (let i = 0; i < rounds; i++) await detector.look();
  return detector.instances().map(({ instance }) => instance);
}

/** After a start and its first round, with what is remembered. */
async function instancesOfRun(detector: Detector): Promise<string[]> {
  await detector.start(() => Promise.resolve());
  await detector.stop();
  return detector.instances().map(({ instance }) => instance);
}

const states = (detector: Detector) =>
  detector
    .services()
    .map(({ instance, finding, isNamed, runs }) => [
      instance,
      finding !== undefined,
      isNamed,
      runs,
    ]);

test("what needs nothing is watched; what needs something, or is not of the schema, is told of", async () => {
  const world = new World();
  const needs = [{ key: "address", example: "127.0.0.1:11214", why: "It listens nowhere." }];
  world.find({ address: "127.0.0.1:11211" });
  world.find({ address: "127.0.0.1:11212" }, { needs });
  world.find({ adress: "127.0.0.1:11213" });
  const detector = world.detector();
  expect(await instancesAfter(detector)).toEqual(["127.0.0.1:11211"]);
  expect(states(detector)).toEqual([
    ["127.0.0.1:11211", true, false, true],
    ["127.0.0.1:11213", true, false, false],
    ["127.0.0.1:11214", true, false, false],
  ]);
  expect(detector.services().map(({ problem }) => problem)).toEqual([
    "",
    "adress: no such key",
    "",
  ]);
});

test("an instance that the configuration names, however it is written, is not watched twice; an excluded kind is not looked for", async () => {
  const world = new World();
  world.find({ address: "127.0.0.1:11211" });
  world.find({ address: "[::1]:11211" });
  world.find({ address: "127.0.0.1:11212" });
  const named = world.detector({ memcached: [{ address: "localhost:11211", instance: "cache" }] });
  expect(await instancesAfter(named)).toEqual(["127.0.0.1:11212"]);
  expect(states(named)).toEqual([
    ["127.0.0.1:11211", true, true, false],
    ["127.0.0.1:11212", true, false, true],
  ]);
  const excluding = world.detector({ exclude: ["memcached"] });
  expect(await instancesAfter(excluding)).toEqual([]);
  expect(await instancesAfter(world.detector({ detect: false }))).toEqual([]);
});

test("a configuration that begins to name an instance takes it over, and gives it back", async () => {
  const world = new World();
  world.find({ address: "127.0.0.1:11211" });
  const detector = world.detector();
  expect(await instancesAfter(detector)).toEqual(["127.0.0.1:11211"]);
  detector.configure(IntegrationsConfig.parse({ memcached: [{}] }));
  expect(detector.instances()).toEqual([]);
  await detector.look();
  expect(detector.instances()).toEqual([]);
  detector.configure(IntegrationsConfig.parse({}));
  await detector.look();
  expect(detector.instances()).toHaveLength(1);
});

test("a service that stops is still watched, over a restart too, until it was not found for seven days", async () => {
  const world = new World();
  world.find({ address: "127.0.0.1:11211" });
  expect(await instancesOfRun(world.detector())).toHaveLength(1);
  expect(isStored(world.path)).toBe(false);
  const first = world.detector({ detect_interval: "1s" });
  await first.start(() => Promise.resolve());
  while (!isStored(world.path)) await Bun.sleep(20);
  await first.stop();
  world.found.length = 0;
  const second = world.detector();
  expect(await instancesOfRun(second)).toEqual(["127.0.0.1:11211"]);
  expect(states(second)).toEqual([["127.0.0.1:11211", false, false, true]]);
  world.nowMs += 6 * dayMs;
  expect(await instancesOfRun(world.detector())).toHaveLength(1);
  world.nowMs += 2 * dayMs;
  expect(await instancesOfRun(world.detector())).toEqual([]);
  expect(isStored(world.path)).toBe(false);
});

function isStored(path: string): boolean {
  try {
    return readFileSync(path, "utf8").includes("11211");
  } catch {
    return false;
  }
}

test("what lives in a container, at a port of the kernel's choice, or was found once only, is not missed for long", async () => {
  for (const { rounds = 3, ...place } of [
    { pid: 7, container: true },
    { pid: 7, service: "docker.service" },
    { port: 40_000 },
    { rounds: 1 },
  ]) {
    const world: World = Object.assign(new World(), place);
    world.find({ address: `127.0.0.1:${world.port}` });
    const detector = world.detector();
    await instancesAfter(detector, rounds);
    world.found.length = 0;
    const left: number[] = [];
    for (let i = 0; i < 3; i++) {
      await detector.look();
      left.push(detector.instances().length);
    }
    expect(left).toEqual([1, 1, 0]);
  }
  // A service of systemd is missed wherever it listens.
  const world: World = Object.assign(new World(), {
    pid: 7,
    service: "cache.service",
    port: 40_000,
  });
  world.find({ address: "127.0.0.1:40000" });
  const detector = world.detector();
  await instancesAfter(detector, 3);
  world.found.length = 0;
  for (let i = 0; i < 5; i++) await detector.look();
  expect(detector.instances()).toHaveLength(1);
});

test("an integration that throws or hangs leaves the others, says so, and keeps what it found", async () => {
  const world = new World();
  world.find({ address: "127.0.0.1:11211" });
  const never = Promise.withResolvers<never>().promise;
  const named = (name: string, detect: AnyIntegration["detect"]): AnyIntegration =>
    Object.assign({ ...world.integration() }, { name, detect });
  let detect: AnyIntegration["detect"] = () => world.found;
  const all = ["slow", "wrong"].map((name) => named(name, (host) => detect(host)));
  const detector = world.detector({}, [world.integration(), ...all]);
  expect(await instancesAfter(detector)).toHaveLength(3);
  detect = () => {
    throw new Error("no such thing");
  };
  expect(await instancesAfter(detector, 5)).toHaveLength(3);
  expect([...detector.problems()]).toEqual([
    ["slow", "no such thing"],
    ["wrong", "no such thing"],
  ]);
  const rounds = new DetectionRounds(20);
  const host = new Host(systemClock).look();
  const hanging = named("hanging", () => never);
  const run = () => rounds.run([hanging, world.integration()], host, new AbortController().signal);
  for (const reason of ["took longer than 0.02 s", "the look before this one has not ended"]) {
    const { found, problems } = await run();
    expect([found.length, ...problems]).toEqual([1, ["hanging", reason]]);
  }
});

test("a password set later leaves what runs running, and says what it needs", async () => {
  const world = new World();
  world.find({ address: "127.0.0.1:11211" });
  const detector = world.detector();
  await instancesAfter(detector);
  const needs = [{ key: "password_file", example: "/etc/secret", why: "It asks for one." }];
  world.found.length = 0;
  world.find({ address: "127.0.0.1:11211" }, { needs: [] });
  world.find({ address: "127.0.0.1:11211" }, { needs });
  await detector.look();
  expect(states(detector)).toEqual([["127.0.0.1:11211", true, false, true]]);
});

test("a file that is no list of instances keeps nothing from being found", async () => {
  const world = new World();
  writeFileSync(world.path, "{}");
  world.find({ address: "127.0.0.1:11211" });
  expect(await instancesOfRun(world.detector())).toEqual(["127.0.0.1:11211"]);
});
