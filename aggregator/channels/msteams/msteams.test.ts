import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, sendBy, serviceOf } from "../service.fixture.ts";
import { msteams } from "./send.ts";

const { url, received } = serviceOf(() => new Response("1"));
const some = z.string().min(1);

test("msteams shows the chart in a section of the card", async () => {
  const config = { webhook_url: `${url}/hook`, chart: true };
  expect(await sendBy(msteams, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  const Action = z.strictObject({
    "@type": z.literal("OpenUri"),
    name: some,
    targets: z.tuple([z.strictObject({ os: z.literal("default"), uri: z.url() })]),
  });
  z.looseObject({
    type: z.literal("MessageCard"),
    sections: z.tuple([
      z.strictObject({
        facts: z.array(z.strictObject({ name: some, value: some })).length(3),
        images: z.tuple([
          z.strictObject({
            image: z.literal("https://lapwing.example/charts/unguessable.png"),
            title: z.literal("Chart of DiskFull, now 97.2 %"),
          }),
        ]),
      }),
    ]),
    potentialAction: z.array(Action).max(4),
  }).parse(JSON.parse(received.at(-1)?.body ?? ""));
});
