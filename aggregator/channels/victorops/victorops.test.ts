import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, sendBy, serviceOf } from "../service.fixture.ts";
import { victorops } from "./send.ts";

const { url, received } = serviceOf(() => Response.json({ result: "success" }));
const config = { api_url: url, api_key: "key", routing_key: "db", chart: true };

test("victorops gets the chart, facts and links as annotations", async () => {
  expect(await sendBy(victorops, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  expect(JSON.parse(received.at(-1)?.body ?? "")).toMatchObject({
    message_type: "CRITICAL",
    "vo_annotate.i.Chart": "https://lapwing.example/charts/unguessable.png",
    "vo_annotate.s.Value": "97.2 % (fires if > 90 %)",
    "vo_annotate.u.Runbook": "https://runbooks.example/disk?a=1&b=2",
  });
});

test("victorops takes no annotation above 1,124 characters", async () => {
  const facts = [{ name: "Changed", value: "x".repeat(2_000) }];
  const links = [{ title: "Query", url: `https://x.example/${"y".repeat(2_000)}` }];
  const parts = { ...chartParts, detailsOf: async () => ({ chart: undefined, facts, links }) };
  await sendBy(victorops, config, { parts });
  const body = z.record(z.string(), z.string()).parse(JSON.parse(received.at(-1)?.body ?? ""));
  expect(body["vo_annotate.s.Changed"]).toHaveLength(1_124);
  expect(body).not.toHaveProperty(["vo_annotate.u.Query"]);
});
