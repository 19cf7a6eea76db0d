import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { DockerEngine } from "#test/support/docker_engine.ts";
import { TailHost } from "#test/support/tail_host.ts";
import { binder } from "../../binder.ts";
import { containerLogs } from "../source.ts";

const idOf = (digit: string) => digit.repeat(64);
const [web, db] = [idOf("a"), idOf("b")];
const compose = {
  "com.docker.compose.project": "shop",
  "com.docker.compose.service": "frontend",
  "com.example.team": "blue",
  "com.example.other": "x",
};

function log(host: TailHost, id: string, text: string): void {
  mkdirSync(host.path(`containers/${id}`), { recursive: true });
  const line = { log: `${text}\n`, stream: "stdout", time: "2023-11-14T22:13:25.5Z" };
  appendFileSync(host.path(`containers/${id}/${id}-json.log`), `${JSON.stringify(line)}\n`);
}

/** As the engine writes it: to another file, which takes its name. */
function configure(host: TailHost, id: string, config: object | string): void {
  mkdirSync(host.path(`containers/${id}`), { recursive: true });
  const path = host.path(`containers/${id}/config.v2.json`);
  writeFileSync(`${path}.tmp`, typeof config === "string" ? config : JSON.stringify(config));
  renameSync(`${path}.tmp`, path);
}

function start(host: TailHost, docker: Record<string, unknown> = {}): void {
  const paths = [host.path("containers/*/*-json.log")];
  const options = { paths, docker: { socket: host.path("docker.sock"), ...docker } };
  host.start({ start_at: "beginning", ...options }, binder(containerLogs));
}

/** Writes lines until one has the labels wanted: the names of a container are followed soon, not at once. */
async function untilTold(host: TailHost, id: string, wanted: Record<string, string>) {
  const has = () => {
    const { labels } = host.lines.findLast(({ filename }) => filename.includes(id)) ?? {};
    return Object.entries(wanted).every(([name, value]) => labels?.[name] === value);
  };
  await untilTicked(host, id, has);
}

async function untilTicked(host: TailHost, id: string, holds: () => boolean) {
  const timer = setInterval(() => log(host, id, "tick"), 20);
  try {
    await host.until(holds, holds.toString());
  } finally {
    clearInterval(timer);
  }
}

const labelsOf = (host: TailHost, id: string) =>
  host.lines.filter(({ filename }) => filename.includes(id)).map(({ labels }) => labels);

test("the engine tells name, image, compose's names and chosen labels, from the first line on", async () => {
  await using host = new TailHost();
  const engine = new DockerEngine(host.path("docker.sock"));
  engine.set(web, "shop-frontend-1", "registry:5000/shop:2", compose);
  engine.set(db, "db", `sha256:${"1".repeat(64)}`, null);
  log(host, web, "hello");
  log(host, db, "hello");
  start(host, { container_labels: { "com.example.team": "team", "com.example.none": "none" } });
  await host.untilLines(2);
  expect(labelsOf(host, web)).toEqual([
    {
      job: "containers",
      host: "testhost",
      filename: host.path(`containers/${web}/${web}-json.log`),
      container: "shop-frontend-1",
      image: "registry:5000/shop:2",
      compose_project: "shop",
      compose_service: "frontend",
      team: "blue",
      stream: "stdout",
    },
  ]);
  expect(labelsOf(host, db)[0]).not.toHaveProperty("image");
  expect([host.lookupsFailed, host.problem]).toEqual([0, undefined]);
  await engine.stop();
});

test("containers that come later or are renamed are known by an event; what is gone keeps its name", async () => {
  await using host = new TailHost();
  const engine = new DockerEngine(host.path("docker.sock"));
  engine.set(web, "old");
  log(host, web, "one");
  start(host);
  await untilTold(host, web, { container: "old" });
  engine.set(web, "new");
  engine.tell("rename", web, { oldName: "/old" });
  await untilTold(host, web, { container: "new", image: "nginx:1.27" });
  log(host, db, "first");
  engine.set(db, "database", "postgres:17");
  engine.tell("create", db);
  await untilTold(host, db, { container: "database", image: "postgres:17" });
  engine.containers.delete(web);
  engine.tell("start", db);
  const asked = engine.lists;
  await untilTicked(host, web, () => engine.lists > asked);
  log(host, web, "last words");
  await host.until(() => host.texts().includes("last words"), "the last line");
  expect(labelsOf(host, web).at(-1)?.["container"]).toBe("new");
  expect(host.lookupsFailed).toBe(0);
  await engine.stop();
});

test("without an engine the file beside the log tells the same, and is read again when it changes", async () => {
  await using host = new TailHost();
  const config = { ID: web, Image: "sha256:0", LogPath: "x", State: { Running: true } };
  configure(host, web, {
    ...config,
    Name: "/web",
    Config: { Image: "nginx:1", Labels: compose, Env: [] },
  });
  log(host, web, "hello");
  start(host, { container_labels: { "com.example.team": "team" } });
  await host.untilLines(1);
  const told = { image: "nginx:1", compose_project: "shop", compose_service: "frontend" };
  expect(host.lines[0]?.labels).toMatchObject({ container: "web", ...told, team: "blue" });
  configure(host, web, { ...config, Name: "/renamed", Config: { Image: "nginx:1", Labels: null } });
  await untilTold(host, web, { container: "renamed" });
  expect([host.lookupsFailed, host.problem]).toEqual([0, undefined]);
});

test("with neither, or a file of another form, lines have the short id, and names once there are some", async () => {
  await using host = new TailHost();
  configure(host, web, '{"Name": 3}');
  log(host, web, "one");
  log(host, db, "one");
  start(host);
  await host.untilLines(2);
  expect(host.lines.map(({ labels }) => String(labels["container"])).toSorted()).toEqual([
    "a".repeat(12),
    "b".repeat(12),
  ]);
  expect(host.lookupsFailed).toBe(1);
  configure(host, db, { Name: "/late", Config: { Labels: {} } });
  await untilTold(host, db, { container: "late" });
});

test.each([
  ["refuses", () => Response.json({ message: "denied" }, { status: 403 })],
  ["answers no list", () => Response.json({ message: "page not found" })],
  ["answers no JSON", () => new Response("[{")],
  ["does not answer", () => new Promise<Response>(() => {})],
])("an engine that %s costs no line: the file tells the names", async (how, answer) => {
  await using host = new TailHost();
  const engine = new DockerEngine(host.path("docker.sock"));
  engine.listAnswer = answer;
  engine.eventsAnswer = answer;
  configure(host, web, { Name: "/web", Config: { Image: "nginx:1" } });
  log(host, web, "hello");
  start(host);
  await host.untilLines(1);
  expect(host.lines[0]?.labels).toMatchObject({ container: "web", image: "nginx:1" });
  if (how !== "does not answer") {
    await host.until(() => host.problem?.startsWith("Docker's API: ") === true, "a problem");
    expect(host.lookupsFailed).toBeGreaterThan(0);
  }
  await host.stop();
  await engine.stop();
});

test("one entry that is not understood does not cost the others, and is told", async () => {
  await using host = new TailHost();
  const engine = new DockerEngine(host.path("docker.sock"));
  engine.listAnswer = () =>
    Response.json([{ Id: 3 }, null, { Id: web, Names: ["/web"], Image: "nginx", Labels: {} }]);
  log(host, web, "hello");
  start(host);
  await host.untilLines(1);
  expect(host.lines[0]?.labels["container"]).toBe("web");
  await host.until(() => host.problem !== undefined, "a problem");
  expect(host.problem).toContain("2 containers");
  await engine.stop();
});

test("events that are none end the following, and names are asked for again and again instead", async () => {
  await using host = new TailHost();
  const engine = new DockerEngine(host.path("docker.sock"));
  engine.set(web, "one");
  engine.eventsAnswer = () => new Response("{}\nnot an event\n");
  log(host, web, "hello");
  start(host);
  await untilTold(host, web, { container: "one" });
  engine.set(web, "two");
  await untilTold(host, web, { container: "two" });
  expect(host.problem).toContain("not an event");
  expect(host.lookupsFailed).toBeGreaterThan(0);
  // An engine that is well again is followed again.
  engine.eventsAnswer = undefined;
  await host.until(() => host.problem === undefined, "no problem");
  expect(engine.followers).toBe(1);
  await engine.stop();
});

test("an engine can come and go", async () => {
  await using host = new TailHost();
  const first = new DockerEngine(host.path("docker.sock"));
  first.set(web, "one");
  log(host, web, "hello");
  start(host);
  await untilTold(host, web, { container: "one" });
  await first.stop();
  configure(host, web, { Name: "/from-file", Config: { Image: "nginx:1.27" } });
  await untilTold(host, web, { container: "from-file" });
  const second = new DockerEngine(host.path("docker.sock"));
  second.set(web, "two");
  await untilTold(host, web, { container: "two" });
  await second.stop();
});
