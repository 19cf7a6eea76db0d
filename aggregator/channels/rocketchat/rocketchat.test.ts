import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, sendBy, serviceOf } from "../service.fixture.ts";
import { rocketchat } from "./send.ts";

const { url, received } = serviceOf(() => Response.json({ success: true }));
const some = z.string().min(1);

test("rocketchat shows the chart in an attachment of its own", async () => {
  const config = { api_url: url, token: "t", token_id: "i", channel: "#x", chart: true };
  expect(await sendBy(rocketchat, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  const Field = z.strictObject({ short: z.boolean(), title: some, value: some });
  z.looseObject({
    attachments: z.tuple([
      z.looseObject({ title: some }),
      z.strictObject({
        color: z.literal("red"),
        text: z.string().includes("[Runbook](https://runbooks.example/disk?a=1&b=2) · "),
        image_url: z.literal("https://lapwing.example/charts/unguessable.png"),
        fields: z.array(Field).length(3),
      }),
    ]),
  }).parse(JSON.parse(received.at(-1)?.body ?? ""));
});
