import { afterAll, expect, test } from "bun:test";
import { stringify } from "yaml";
import { z } from "zod";
import { until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const config = { data_dir: stage.path("data"), sources: [] };
const group = {
  name: "queues",
  interval: "1s",
  rules: [
    { record: "queue:length", expr: "vector(7)" },
    { alert: "QueueFull", expr: "queue:length > 5", labels: { severity: "critical" } },
  ],
};
const Found = z.object({
  data: z.object({ alerts: z.array(z.object({ labels: z.record(z.string(), z.string()) })) }),
});

async function firing(url: string): Promise<string[]> {
  const answer = await fetch(new URL("/api/v1/alerts", url));
  return Found.parse(await answer.json()).data.alerts.map(
    ({ labels }) => labels["alertname"] ?? "",
  );
}

test("groups of Mimir's and Loki's ruler APIs are evaluated, survive SIGKILL, and end when they are removed", async () => {
  let up = await stage.start({ role: "up", name: "up", config });
  const send = async (method: string, path: string, body?: string) => {
    const headers = { "content-type": "application/yaml" };
    const response = await fetch(new URL(path, up.url), {
      method,
      ...(body !== undefined && { body, headers }),
    });
    return { status: response.status, text: await response.text() };
  };
  expect(await send("GET", "/config/v1/rules")).toEqual({
    status: 404,
    text: "no rule groups found\n",
  });
  expect(
    await send("POST", "/prometheus/config/v1/rules/team%2Fa", stringify(group)),
  ).toMatchObject({ status: 202, text: expect.stringContaining('"status":"success"') });
  const logs = { name: "logs", rules: [{ alert: "Lines", expr: 'rate({app="a"}[1m]) > 0' }] };
  expect((await send("POST", "/loki/api/v1/rules/logs", stringify(logs))).status).toBe(202);
  expect(
    await send("POST", "/config/v1/rules/x", "name: x\nrules:\n- alert: A\n  expr: sum("),
  ).toEqual({ status: 400, text: expect.stringContaining("line 4") });
  expect(await send("GET", "/config/v1/rules/team%2Fa")).toEqual({
    status: 200,
    text: stringify({ "team/a": [group] }),
  });
  expect((await send("GET", "/loki/api/v1/rules")).text).toContain("Lines");
  expect((await send("GET", "/config/v1/rules")).text).not.toContain("Lines");
  await until("the alert fires", async () => (await firing(up.url)).includes("QueueFull"));
  await up.end("SIGKILL");
  up = await stage.start({ role: "up", name: "up", config });
  await until("it fires again", async () => (await firing(up.url)).includes("QueueFull"));
  expect((await send("DELETE", "/config/v1/rules/team%2Fa/none")).status).toBe(404);
  expect((await send("DELETE", "/config/v1/rules/team%2Fa/queues")).status).toBe(202);
  expect(await firing(up.url)).toEqual([]);
  expect((await send("DELETE", "/loki/api/v1/rules/logs")).status).toBe(202);
  expect((await send("GET", "/config/v1/rules")).status).toBe(404);
}, 60_000);
