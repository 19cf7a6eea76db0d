import { expect, test } from "bun:test";
import { chartParts, formOf, notificationOf, png, sendBy, serviceOf } from "../service.fixture.ts";
import { opsgenie } from "./send.ts";

/** Answers to attachments, in turn; the last one stays. */
let statuses = [202];
const { url, received } = serviceOf(({ path }) => {
  if (!path.endsWith("/attachments")) return Response.json({ requestId: "1" }, { status: 202 });
  const status = statuses.length > 1 ? statuses.shift() : statuses[0];
  return Response.json({ result: "" }, { status: status ?? 202 });
});
const config = { api_url: url, api_key: "key-1234", chart: true };

test("opsgenie gets the facts with the alert, and the chart as its attachment", async () => {
  const outcome = await sendBy(opsgenie, config, { parts: chartParts });
  expect(outcome).toEqual({ kind: "sent", answer: expect.stringMatching(/^202 /) });
  const [create, attachment] = received.slice(-2);
  expect(JSON.parse(create?.body ?? "")).toMatchObject({
    details: {
      alertname: "DiskFull",
      Value: "97.2 % (fires if > 90 %)",
      Runbook: "https://runbooks.example/disk?a=1&b=2",
    },
  });
  expect(attachment?.path).toMatch(/^\/v2\/alerts\/[0-9a-f]{64}\/attachments$/);
  expect(attachment?.query.get("alertIdentifierType")).toBe("alias");
  expect(attachment?.headers.get("authorization")).toBe("GenieKey key-1234");
  expect(attachment === undefined ? [] : (await formOf(attachment)).files).toEqual([
    { field: "file", name: "chart.png", type: "image/png", bytes: png },
  ]);
});

test("the chart waits for an alert that opsgenie has still to make", async () => {
  statuses = [404, 404, 202];
  const before = received.length;
  expect(await sendBy(opsgenie, config, { parts: chartParts })).toEqual({
    kind: "sent",
    answer: expect.not.stringContaining("without the chart"),
  });
  expect(received.length - before).toBe(4);
});

test("a chart that opsgenie refuses costs no alert, and a repeated message adds none", async () => {
  statuses = [422];
  expect(await sendBy(opsgenie, config, { parts: chartParts })).toMatchObject({
    kind: "sent",
    answer: expect.stringContaining("without the chart"),
  });
  const before = received.length;
  const notification = notificationOf({ reason: "repeat interval elapsed" });
  await sendBy(opsgenie, config, { parts: chartParts, notification });
  expect(received.length - before).toBe(1);
});
