import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { LapwingProcess } from "#test/support/lapwing_process.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-alert-charts-"));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

type Published = { readonly headers: Headers; readonly body: Buffer };
const published = Promise.withResolvers<Published>();
const ntfy = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const body = Buffer.from(await request.arrayBuffer());
    if (request.method === "PUT") published.resolve({ headers: request.headers, body });
    return Response.json({ id: "1" });
  },
});

/** Addresses of charts that messages had. */
const linked = Promise.withResolvers<string>();
const mattermost = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const address = /"image_url":"([^"]+)"/.exec(await request.text())?.[1];
    if (address !== undefined) linked.resolve(address);
    return new Response("ok");
  },
});

const mailed = Promise.withResolvers<string>();
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData: (stream, _session, done) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      mailed.resolve(Buffer.concat(chunks).toString());
      done();
    });
  },
});

let lapwing: LapwingProcess;
let start: () => Promise<LapwingProcess>;
beforeAll(async () => {
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  const address = smtp.server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  const configFile = file(
    "alertmanager.yml",
    `route: {receiver: team, group_wait: 0s}
receivers:
- name: team
  ntfy_configs: [{url: "http://127.0.0.1:${ntfy.port}", topic: ops}]
  mattermost_configs: [{webhook_url: "http://127.0.0.1:${mattermost.port}/hook", chart: true}]
  email_configs:
  - {to: ops@x.example, from: lapwing@x.example, smarthost: "127.0.0.1:${address.port}", require_tls: false, chart: true}
`,
  );
  const rules = file(
    "rules.yml",
    `groups:
- name: g
  interval: 1s
  rules:
  - alert: QueueFull
    expr: vector(97) > 90
    labels: {team: db}
    annotations: {runbook_url: "https://runbooks.example/queue"}
`,
  );
  const config = {
    data_dir: join(folder, "data"),
    rules: { files: [rules], external_url: "https://lapwing.example.org" },
    alertmanager: { config_file: configFile },
  };
  start = () => LapwingProcess.start({ role: "up", name: "lapwing", folder, config });
  lapwing = await start();
}, 60_000);
afterAll(async () => {
  await lapwing.end("SIGTERM");
  await ntfy.stop(true);
  await mattermost.stop(true);
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
  rmSync(folder, { recursive: true });
});

const pngStart = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

test("ntfy gets a message with a chart of the alert", async () => {
  const { headers, body } = await published.promise;
  expect(body.subarray(0, 8)).toEqual(pngStart);
  const coded = headers.get("message")?.replace(/^=\?UTF-8\?B\?|\?=$/g, "") ?? "";
  const message = Buffer.from(coded, "base64").toString();
  expect(message).toContain("Value: 97 (fires if > 90)");
  expect(message).toContain("Changed: began to fire");
  expect(headers.get("actions")).toContain("https://runbooks.example/queue");
}, 60_000);

test("an e-mail shows the chart inline", async () => {
  const mail = await mailed.promise;
  expect(mail).toContain("Content-ID: <chart>");
  const [, encoded = ""] =
    /Content-ID: <chart>[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(mail) ?? [];
  const png = Buffer.from(encoded, "base64");
  expect(png.subarray(0, 8)).toEqual(pngStart);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1_000, 560]);
  expect(mail.replaceAll("=\r\n", "")).toContain("cid:chart");
  const metrics = await (await fetch(`${lapwing.url}/metrics`)).text();
  expect(metrics).toMatch(/lapwing_alertmanager_charts_total\{outcome="drawn"\} [1-9]/);
}, 60_000);

test("the address of a chart in a message works after SIGKILL and a restart", async () => {
  const { origin, pathname } = new URL(await linked.promise);
  expect(origin).toBe("https://lapwing.example.org");
  await lapwing.end("SIGKILL");
  lapwing = await start();
  const answer = await fetch(new URL(pathname, lapwing.url));
  expect(answer.status).toBe(200);
  const png = Buffer.from(await answer.arrayBuffer());
  expect(png.subarray(0, 8)).toEqual(pngStart);
}, 120_000);
