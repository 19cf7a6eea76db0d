import { afterAll, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** A target that answers when it is told to, and sees whether the scraper hung up before. */
class SlowTarget {
  asked = 0;
  hungUp = 0;
  #askedMs = 0;
  #answer: (() => void) | undefined;
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      this.asked += 1;
      this.#askedMs = performance.now();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#answer = resolve;
      request.signal.addEventListener("abort", () => {
        this.hungUp += 1;
        // The next scrape may be here before the end of this one is told.
        if (this.#answer === resolve) this.#answer = undefined;
        resolve();
      });
      await promise;
      return new Response("slow_value 1\n", { headers: { "content-type": "text/plain" } });
    },
  });

  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }
  /** Was asked, and not so long ago that the scraper will soon lose patience. */
  get isAsked(): boolean {
    return this.#answer !== undefined && performance.now() - this.#askedMs < patienceMs;
  }
  answer(): void {
    this.#answer?.();
  }
  async stop(): Promise<void> {
    await this.#server.stop(true);
  }
}

/** Two targets with one interval are never further apart than half of it, where each is scraped in every interval: a scrape that is given up must be over by then. */
const intervalMs = 10_000;
const timeoutMs = 0.95 * intervalMs;
const patienceMs = 0.55 * intervalMs;

const same = new SlowTarget();
const changed = new SlowTarget();
const file = stage.path("app.log");
const other = stage.path("other.log");

function jobOf(name: string, target: SlowTarget, path: string) {
  return {
    job_name: name,
    metrics_path: path,
    scrape_interval: `${intervalMs}ms`,
    scrape_timeout: `${timeoutMs}ms`,
    static_configs: [{ targets: [target.address] }],
  };
}

function configOf(change: { path: string; labels: Record<string, string> }) {
  return {
    data_dir: stage.path("data"),
    // All targets and lines are counted: those of services of this machine would be too many.
    integrations: { detect: false },
    sources: [
      { type: "file_logs", paths: [file], start_at: "beginning" },
      { type: "file_logs", paths: [other], start_at: "beginning", labels: change.labels },
    ],
    scrape_configs: [jobOf("same", same, "/same"), jobOf("changed", changed, change.path)],
  };
}

const rewrite = (config: Record<string, unknown>) =>
  writeFileSync(stage.path("up.yaml"), stringify({ listen: "127.0.0.1:0", ...config }));

test("a reload restarts what changed and nothing else, and a bad file changes nothing", async () => {
  stage.after(() => same.stop());
  stage.after(() => changed.stop());
  appendFileSync(file, "one\n");
  appendFileSync(other, "first\n");
  const up = await stage.start({
    role: "up",
    name: "up",
    config: configOf({ path: "/old", labels: { version: "old" } }),
  });
  const lapwing = asking(up.url);
  const bodies = async () => {
    const rows = await lapwing.sql(
      "SELECT body, coalesce(stream['version'], '') FROM logs ORDER BY body",
    );
    return rows.map(([body, label]) => `${String(body)} ${String(label)}`.trim());
  };
  await until("first lines", async () => (await bodies()).length === 2);
  await until("both scrapes to be under way", () => same.isAsked && changed.isAsked, 45_000);
  const before = [same.asked, same.hungUp, changed.hungUp] as const;

  // Refused: all mistakes, and the scrapes under way do not even notice.
  rewrite({ ...configOf({ path: "/bad", labels: {} }), tenant: "A B", nonsense: 1 });
  const refused = await lapwing.get("/-/reload", { method: "POST" });
  expect(refused.status).toBe(500);
  const told = await refused.text();
  expect(told).toContain('tenant is "A B": expected 1 to 63');
  expect(told).toContain("nonsense is 1: no such key");
  process.kill(up.pid, "SIGHUP");
  await until("the log to say so", () => stage.log("up").includes("configuration not reloaded"));
  expect([same.asked, same.hungUp, changed.hungUp]).toEqual([...before]);

  rewrite(configOf({ path: "/new", labels: { version: "new" } }));
  const accepted = await lapwing.get("/-/reload", { method: "POST" });
  expect({ status: accepted.status, text: await accepted.text() }).toEqual({
    status: 200,
    text: "",
  });
  const shown = await (await lapwing.get("/api/v1/status/config")).text();
  expect(shown).toContain("metrics_path: /new");
  expect(shown).not.toContain("metrics_path: /old");
  await until("the changed job to give up its scrape", () => changed.hungUp > before[2]);
  expect([same.asked, same.hungUp]).toEqual([before[0], before[1]]);
  same.answer();
  await until("the scrape that was under way all the time", async () => {
    const [sample] = await lapwing.promql('slow_value{job="same"}');
    return sample?.value === 1;
  });
  const { targets } = await (await lapwing.get("/targets")).json();
  expect(targets.map(({ url }: { url: string }) => url.replace(/.*\//, "")).toSorted()).toEqual([
    "new",
    "same",
  ]);

  // Tails go on where they were: the one that ran on, and the one that began anew with other labels.
  appendFileSync(file, "two\n");
  appendFileSync(other, "second\n");
  await until("the lines after it", async () => (await bodies()).length >= 4);
  expect(await bodies()).toEqual(["first old", "one", "second new", "two"]);

  // SIGHUP does the same, and names what it can't change.
  const ingest = { flush_interval: "1m" };
  rewrite({ ...configOf({ path: "/new", labels: { version: "third" } }), tenant: "other", ingest });
  process.kill(up.pid, "SIGHUP");
  await until(
    "the second reload",
    () => stage.log("up").split('"configuration reloaded"').length === 3,
  );
  appendFileSync(other, "third\n");
  await until("a line with the third label", async () => (await bodies()).includes("third third"));
  expect(await bodies()).toHaveLength(5);
  expect(stage.log("up")).toContain(
    '"keys":["tenant","ingest.flush_interval.metrics","ingest.flush_interval.logs"]',
  );
  expect(await up.end("SIGTERM")).toBe(0);
}, 60_000);
