import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, png, sendBy, serviceOf } from "../service.fixture.ts";
import { pagerduty } from "./send.ts";

const { url, received } = serviceOf(() => Response.json({ status: "success" }));
const some = z.string().min(1);
const href = z.url();
const body = (): unknown => JSON.parse(received.at(-1)?.body ?? "");
const custom = { images: [{ src: "https://x.example/logo.png" }] };

test("pagerduty gets the chart among the images of an event, beside those of the configuration", async () => {
  const config = { routing_key: "r".repeat(32), url: `${url}/v2/enqueue`, ...custom, chart: true };
  expect(await sendBy(pagerduty, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  const event = z
    .looseObject({
      images: z.array(
        z.strictObject({
          src: z.string().startsWith("https://"),
          alt: z.string(),
          href: z.string(),
        }),
      ),
      links: z.array(z.strictObject({ href, text: some })).length(4),
      payload: z.looseObject({ custom_details: z.record(z.string(), z.unknown()) }),
    })
    .parse(body());
  expect(event.images.map(({ src }) => src)).toEqual([
    "https://x.example/logo.png",
    "https://lapwing.example/charts/unguessable.png",
  ]);
  expect(event.images[1]?.href).toBe("http://lapwing.example/graph?x=1&y=2");
  expect(event.payload.custom_details).toMatchObject({
    Value: "97.2 % (fires if > 90 %)",
    num_firing: 1,
  });
});

test("events of version 1 have the chart among their contexts", async () => {
  const config = { service_key: "s".repeat(32), url: `${url}/v1`, chart: true };
  expect(await sendBy(pagerduty, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  const Context = z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("image"), src: href, alt: some, href }),
    z.strictObject({ type: z.literal("link"), href, text: some }),
  ]);
  const { contexts } = z.looseObject({ contexts: z.array(Context) }).parse(body());
  expect(contexts.map(({ type }) => type)).toEqual(["image", "link", "link", "link", "link"]);
});

test("pagerduty gets no picture that it can't load by HTTPS", async () => {
  const chart = { png, alt: "a", link: () => "http://lapwing/c.png", settled: async () => {} };
  const parts = { ...chartParts, detailsOf: async () => ({ chart, facts: [], links: [] }) };
  const config = { routing_key: "r".repeat(32), url: `${url}/v2/enqueue`, chart: true };
  await sendBy(pagerduty, config, { parts });
  expect(body()).toMatchObject({ images: [], links: [] });
});
