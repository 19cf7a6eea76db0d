import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { scrapeUrlOf, scrapedSamples } from "#test/support/scraped_instance.ts";
import { etcd } from "./integration.ts";

const program = Bun.which("etcd");
const withServer = test.skipIf(program === null);

const folder = mkdtempSync(join(tmpdir(), "lapwing-etcd-"));
let url = "";
let server: Bun.Subprocess | undefined;

beforeAll(async () => {
  url = `http://127.0.0.1:${await freePort()}`;
  if (program === null) return;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const args = {
    "data-dir": join(folder, "data"),
    "listen-client-urls": url,
    "advertise-client-urls": url,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `default=${peer}`,
  };
  server = Bun.spawn(
    [program, ...Object.entries(args).map(([key, value]) => `--${key}=${value}`)],
    {
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  const signal = AbortSignal.timeout(15_000);
  while (!(await hasLeader())) {
    signal.throwIfAborted();
    await Bun.sleep(50);
  }
});

afterAll(async () => {
  server?.kill("SIGKILL");
  await server?.exited;
  rmSync(folder, { recursive: true, force: true });
});

async function hasLeader(): Promise<boolean> {
  const answer = await fetch(`${url}/health`).catch(() => undefined);
  return answer?.status === 200;
}

withServer("etcd: what is scraped is the server's own", async () => {
  for (const key of ["a", "b"])
    await fetch(`${url}/v3/kv/put`, {
      method: "POST",
      body: JSON.stringify({ key: btoa(key), value: btoa("value") }),
    });
  const samples = await scrapedSamples(scrapeUrlOf("etcd", { url }) ?? "");
  expect(samples.get("etcd_server_has_leader")).toBe(1);
  expect(samples.get("etcd_mvcc_put_total")).toBe(2);
  expectAssets(import.meta.dir, samples.keys());
});

withServer(
  "etcd: found by process and what its arguments say, watched where it answers",
  async () => {
    const answering = givenHost({
      processes: [
        { name: "etcd", args: ["etcd", `--listen-client-urls=${url},https://10.0.0.1:2379`] },
      ],
    });
    expect(await etcd.detect(answering)).toEqual([
      {
        confidence: 1,
        because: ["process etcd (pid 100)", `${url}/metrics answers`],
        options: { url },
        needs: [],
      },
    ]);
  },
);

test("etcd: where no metrics are to be had without a certificate, it says what to set", async () => {
  const port = await freePort();
  const processes = [
    { name: "etcd", args: ["etcd", "--listen-client-urls", `https://0.0.0.0:${port}`] },
  ];
  const [shut] = await etcd.detect(givenHost({ processes }));
  expect(shut?.confidence).toBe(0.4);
  expect(shut?.options).toEqual({ url: `https://127.0.0.1:${port}` });
  expect(shut?.needs[0]?.why).toContain("--listen-metrics-urls=http://127.0.0.1:2381");
  const [bare] = await etcd.detect(
    givenHost({ processes: [{ name: "etcd" }], ports: { 2381: 0 } }),
  );
  expect(bare?.options).toEqual({ url: "http://127.0.0.1:2381" });
});

test("etcd: an entry becomes a scrape with its credentials", () => {
  expect(scrapeUrlOf("etcd", {})).toBe("http://127.0.0.1:2379/metrics");
  expect(scrapeUrlOf("etcd", { url: "https://10.0.0.5:2379/own" })).toBe(
    "https://10.0.0.5:2379/own",
  );
  expect(scrapeUrlOf("etcd", { interval: "1500ms", timeout: "1s" })).toBeDefined();
  const options = etcd.config.parse({
    tls_config: { ca_file: "/ca" },
    username: "u",
    password: "p",
  });
  expect(etcd.scrape?.(options)).toMatchObject({
    tls_config: { ca_file: "/ca" },
    basic_auth: { username: "u", password: "p" },
  });
});
