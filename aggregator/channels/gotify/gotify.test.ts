import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, sendBy, serviceOf } from "../service.fixture.ts";
import { gotify } from "./send.ts";

const { url, received } = serviceOf(() => Response.json({ id: 1 }));

test("gotify shows the chart in the notification and in the message", async () => {
  const outcome = await sendBy(gotify, { url, token: "app-1" }, { parts: chartParts });
  expect(outcome).toMatchObject({ kind: "sent" });
  const { message } = z
    .strictObject({
      title: z.string().min(1),
      message: z.string(),
      priority: z.int().min(0).max(10),
      extras: z.strictObject({
        "client::display": z.strictObject({ contentType: z.literal("text/markdown") }),
        "client::notification": z.strictObject({ bigImageUrl: z.url() }),
      }),
    })
    .parse(JSON.parse(received.at(-1)?.body ?? ""));
  expect(message).toStartWith(
    "![Chart of DiskFull, now 97.2 %](https://lapwing.example/charts/unguessable.png)  \n**Value**: 97.2 %",
  );
  expect(message).toContain("[Silence](http://lapwing.example/alerts?");
});
