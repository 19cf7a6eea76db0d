import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, png, sendBy, serviceOf } from "../service.fixture.ts";
import { googlechat } from "./send.ts";

const { url, received } = serviceOf(() => Response.json({ name: "spaces/a/messages/b" }));
const config = { webhook_url: `${url}/v1/spaces/a/messages?key=k123&token=t123` };
const some = z.string().min(1);
/** Widgets of a card, by the reference of the Chat API (cards v2). */
const Widget = z.union([
  z.strictObject({
    image: z.strictObject({ imageUrl: z.string().startsWith("https://"), altText: some }),
  }),
  z.strictObject({
    decoratedText: z.strictObject({ topLabel: some, text: some, wrapText: z.literal(true) }),
  }),
  z.strictObject({
    buttonList: z.strictObject({
      buttons: z.array(
        z.strictObject({
          text: some,
          onClick: z.strictObject({ openLink: z.strictObject({ url: z.url() }) }),
        }),
      ),
    }),
  }),
]);
const Message = z.strictObject({
  text: some,
  thread: z.strictObject({ threadKey: some }),
  cardsV2: z.tuple([
    z.strictObject({
      cardId: some,
      card: z.strictObject({
        sections: z.tuple([z.strictObject({ widgets: z.array(Widget).max(100) })]),
      }),
    }),
  ]),
});
const widgets = () =>
  Message.parse(JSON.parse(received.at(-1)?.body ?? "")).cardsV2[0].card.sections[0].widgets;

test("googlechat shows the chart, facts and links in a card", async () => {
  expect(await sendBy(googlechat, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  const shown = widgets();
  expect(shown[0]).toEqual({
    image: {
      imageUrl: "https://lapwing.example/charts/unguessable.png",
      altText: "Chart of DiskFull, now 97.2 %",
    },
  });
  expect(shown).toContainEqual({
    decoratedText: { topLabel: "Changed", text: "began to fire &amp; more", wrapText: true },
  });
  expect(shown.at(-1)).toMatchObject({ buttonList: { buttons: { length: 4 } } });
});

test("googlechat leaves out a picture without HTTPS, and cuts what is too long", async () => {
  const chart = { png, alt: "a", link: () => "http://lapwing/c.png", settled: async () => {} };
  const facts = [{ name: "Changed", value: "x".repeat(5_000) }];
  const parts = { ...chartParts, detailsOf: async () => ({ chart, facts, links: [] }) };
  await sendBy(googlechat, { ...config, text: "y".repeat(50_000) }, { parts });
  expect(widgets()).toHaveLength(1);
  expect(received.at(-1)?.bytes.length).toBeLessThan(32_000);
});
