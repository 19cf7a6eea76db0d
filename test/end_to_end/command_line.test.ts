import { afterAll, expect, test } from "bun:test";
import { appendFileSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { Stage } from "#test/support/stage.ts";
import { version } from "#shared/version.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const bad = stage.path("bad.yaml");
writeFileSync(
  bad,
  `listen: 7600
log: {level: loud}
no_such_key: 1
nats: {token: 5}
spool:
  size_max: 1MiB
  sync_interval: soon
storage:
  duckdb: {threads: 0}
scrape_configs:
  - job_name: a
    scrape_timeout: 1m
  - job_name: a
    metrics_pth: /x
    relabel_configs: [{action: keep, regex: "("}]
sources:
  - type: file_log
`,
);
/** Line, key, value, and how what was expected begins. */
const mistakes = [
  "1: listen is 7600: Invalid input: expected string",
  '2: log.level is "loud": Invalid option: expected one of "debug"|"info"',
  "3: no_such_key is 1: no such key",
  "4: nats.token is <secret>: Invalid input: expected string",
  '6: spool.size_max is "1MiB": must hold at least four segments',
  '7: spool.sync_interval is "soon": expected a duration such as',
  "9: storage.duckdb.threads is 0: Too small: expected number to be >=1",
  '12: scrape_configs.0.scrape_timeout is "1m": must not be longer than',
  '13: scrape_configs.1.job_name is "a": job name "a" is used twice',
  '14: scrape_configs.1.metrics_pth is "/x": no such key',
  '15: scrape_configs.1.relabel_configs.0.regex is "(": regular expression',
  '17: sources.0.type is "file_log": expected one of command, container_logs, file_logs, host_metrics',
];

function expectAllMistakes(told: string): void {
  const lines = told.trimEnd().split("\n");
  expect(lines).toHaveLength(mistakes.length);
  for (const [i, mistake] of mistakes.entries()) expect(lines[i]).toStartWith(`${bad}:${mistake}`);
}

test("check tells all mistakes of a file at once, in its order, without colours", async () => {
  const { code, out, err } = await lapwing(["check", bad]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expectAllMistakes(err);
  expect(err).not.toContain("\u001b");
  const byFlag = await lapwing(["check", "--config", bad]);
  expect(byFlag).toEqual({ code, out, err });
});

test("check says ok to a good file and to the defaults, and names a file that is not there", async () => {
  const good = stage.path("good.yaml");
  writeFileSync(good, "log: {level: debug}\n");
  expect(await lapwing(["check", good])).toEqual({ code: 0, out: `${good}: ok\n`, err: "" });
  expect(await lapwing(["check"])).toMatchObject({ code: 0, out: "defaults: ok\n" });
  const absent = await lapwing(["check", stage.path("absent.yaml")]);
  expect(absent.code).toBe(1);
  expect(absent.err).toContain("absent.yaml: (file): a readable file");
});

test.each(["up", "agent", "aggregator"])(
  "%s does not start with a bad file, tells all mistakes and leaves nothing",
  async (role) => {
    const data = stage.path(`data_${role}`);
    const { code, err } = await lapwing([role, "--config", bad, "--data-dir", data], {
      cwd: stage.folder,
    });
    expect(code).toBe(1);
    const foreign = { up: 0, agent: 1, aggregator: 7 }[role];
    expect(err.trimEnd().split("\n")).toHaveLength(mistakes.length - (foreign ?? 0));
    if (role === "up") expectAllMistakes(err);
    expect(existsSync(data)).toBe(false);
  },
);

test("a flag wins over a variable, a variable over the file, and mistakes in them name them", async () => {
  const file = stage.path("levels.yaml");
  writeFileSync(file, "log: {level: loud}\n");
  const env = { LAPWING_LOG__LEVEL: "noisy", LAPWING_CONFIG: file };
  expect((await lapwing(["check"], { env: { LAPWING_CONFIG: file } })).err).toStartWith(
    `${file}:1: log.level is "loud"`,
  );
  expect((await lapwing(["check"], { env })).err).toStartWith(
    'LAPWING_LOG__LEVEL: log.level is "noisy"',
  );
  expect((await lapwing(["check", "--set", "log.level=shrill"], { env })).err).toStartWith(
    '--set: log.level is "shrill"',
  );
  expect(await lapwing(["check", "--log-level", "warn"], { env })).toMatchObject({ code: 0 });
  expect(await lapwing(["check", "--set", "nonsense"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("key=value"),
  });
});

test("--help works at every level, version prints one, and what is unknown fails", async () => {
  const levels = [[], ["up"], ["agent"], ["aggregator"], ["check"], ["query"], ["version"]];
  const queries = ["promql", "logql", "sql"].map((language) => ["query", language]);
  const helps = await Promise.all(
    [...levels, ...queries].map(async (level) => {
      const { code, out } = await lapwing([...level, "--help"]);
      return { code, usage: out.startsWith(["Usage: lapwing", ...level].join(" ")), level };
    }),
  );
  expect(helps.filter(({ code, usage }) => code !== 0 || !usage)).toEqual([]);
  expect(await lapwing(["version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  expect(await lapwing(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  expect(await lapwing(["nosuch"])).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("unknown command 'nosuch'"),
  });
  expect(await lapwing(["up", "--bogus"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("unknown option '--bogus'"),
  });
  expect(await lapwing(["query", "promql"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("missing required argument"),
  });
}, 30_000);

test("query asks a running lapwing in three languages, as lines and as JSON", async () => {
  const file = stage.path("app.log");
  appendFileSync(file, "hello\n");
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [
        { type: "host_metrics" },
        { type: "file_logs", paths: [file], start_at: "beginning" },
      ],
    },
  });
  await until("first data", async () => {
    const [[lines] = []] = await asking(up.url).sql("SELECT count(*) FROM logs");
    return Number(lines) === 1 && (await asking(up.url).promql("node_load1")).length === 1;
  });
  const query = (...args: string[]) =>
    lapwing(["query", ...args], { env: { LAPWING_URL: up.url } });
  const load = await query("promql", "node_load1");
  expect(load).toMatchObject({ code: 0, err: "" });
  expect(load.out).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\tnode_load1\{.*\}\t[\d.]+\n$/);
  expect(load.out).not.toContain("\u001b");
  const range = await query("promql", "node_load1", "--since", "5m", "--step", "1s", "--json");
  expect(JSON.parse(range.out)).toMatchObject({ resultType: "matrix" });
  const logs = await query("logql", '{job="files"}');
  expect(logs.out).toMatch(/^\S+Z\t\{.*job="files".*\}\thello\n$/);
  expect(await query("sql", "SELECT body, 1 AS one FROM logs")).toEqual({
    code: 0,
    out: "body\tone\nhello\t1\n",
    err: "",
  });
  expect(await query("promql", "sum(")).toMatchObject({ code: 1, out: "" });
  const refused = await query("sql", "DROP VIEW logs");
  expect(refused).toMatchObject({ code: 1, out: "", err: expect.stringContaining("SQL") });
  expect(await up.end("SIGTERM")).toBe(0);
  const nobody = await query("sql", "SELECT 1");
  expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining(up.url) });
}, 30_000);

test("the command of a clone runs from anywhere, also through links", async () => {
  const link = stage.path("lapwing");
  symlinkSync(join(import.meta.dir, "../../lapwing"), stage.path("second"));
  symlinkSync("second", link);
  const child = Bun.spawn([link, "version"], { cwd: "/", stdout: "pipe", stderr: "pipe" });
  expect((await new Response(child.stdout).text()).trim()).toBe(version);
  expect(await child.exited).toBe(0);
});

const rules = (expr: string) => `groups: [{name: g, rules: [{alert: A, expr: '${expr}'}]}]\n`;

test("check rules reports the mistakes of all files, and takes patterns and the standard input", async () => {
  writeFileSync(stage.path("good.rules.yaml"), rules("up == 0"));
  writeFileSync(stage.path("worse.rules.yaml"), rules("sum(up"));
  const [all, good, piped, none] = await Promise.all([
    lapwing(["check", "rules", stage.path("*.rules.yaml"), stage.path("absent.yaml")]),
    lapwing(["check", "rules", stage.path("good.rules.yaml")]),
    lapwing(["check", "rules"], { input: rules("up") }),
    lapwing(["check", "rules", stage.path("*.none")]),
  ]);
  expect(good).toEqual({
    code: 0,
    out: `Checking ${stage.path("good.rules.yaml")}\n  SUCCESS: 1 rules found\n\n`,
    err: "",
  });
  expect(piped).toMatchObject({ code: 0, err: "" });
  expect(all.code).toBe(1);
  expect(all.out).toContain("SUCCESS: 1 rules found");
  expect(all.err).toContain(
    `${stage.path("worse.rules.yaml")}:1: group "g", rule 1, "A": could not parse`,
  );
  expect(all.err).toContain("absent.yaml: ENOENT");
  expect([none.code, none.err]).toEqual([1, expect.stringContaining("no file is of this pattern")]);
});
