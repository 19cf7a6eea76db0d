import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, formOf, png, sendBy, serviceOf } from "../service.fixture.ts";
import { webex } from "./send.ts";

let status = 200;
const { url, received } = serviceOf(({ headers }) =>
  /multipart/.test(headers.get("content-type") ?? "")
    ? new Response("{}", { status })
    : Response.json({ id: "1" }),
);
const config = {
  api_url: `${url}/v1/messages`,
  room_id: "r",
  http_config: { authorization: { credentials: "tok-wx" } },
  chart: true,
};
const Fields = z.strictObject({
  roomId: z.literal("r"),
  markdown: z.string().refine((text) => Buffer.byteLength(text) <= 7_439),
});

test("webex uploads the chart with the message", async () => {
  expect(await sendBy(webex, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  const [request] = received;
  if (request === undefined) throw new Error("nothing was received");
  expect(request.headers.get("authorization")).toBe("Bearer tok-wx");
  const { fields, files } = await formOf(request);
  expect(files).toEqual([{ field: "files", name: "chart.png", type: "image/png", bytes: png }]);
  expect(Fields.parse(fields).markdown).toStartWith("**Value**: 97.2 % (fires if > 90 %)  \r\n");
  await sendBy(webex, { ...config, message: "x\n".repeat(5_000) }, { parts: chartParts });
  const [, long] = received;
  if (long === undefined) throw new Error("nothing was received");
  Fields.parse((await formOf(long)).fields);
});

test("a chart that webex refuses is left out", async () => {
  status = 413;
  expect(await sendBy(webex, config, { parts: chartParts })).toMatchObject({
    kind: "sent",
    answer: expect.stringContaining("without the chart: "),
  });
  Fields.parse(JSON.parse(received.at(-1)?.body ?? ""));
});
