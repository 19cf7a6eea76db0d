import { expect, test } from "bun:test";
import { z } from "zod";
import { chartParts, formOf, png, sendBy, serviceOf } from "../service.fixture.ts";
import { pushbullet } from "./send.ts";

let place: (base: string) => object = () => ({});
const { url, received } = serviceOf(({ path, headers }) => {
  if (path === "/upload/s3cret") {
    // The storage is another company's.
    if (headers.get("access-token") !== null) throw new Error("the token went to the storage");
    return new Response(null, { status: 204 });
  }
  return Response.json(path === "/v2/upload-request" ? place(url) : { iden: "1" });
});
const config = { api_url: `${url}/v2/pushes`, access_token: "o.12345" };
const good = (base: string) => ({
  file_name: "chart.png",
  file_type: "image/png",
  file_url: "https://dl.pushb.example/abc/chart.png",
  upload_url: `${base}/upload/s3cret`,
});
const some = z.string().min(1);

test("pushbullet uploads the chart, and pushes the file with the message", async () => {
  place = good;
  expect(await sendBy(pushbullet, config, { parts: chartParts })).toMatchObject({ kind: "sent" });
  const [request, upload, push] = received.slice(-3);
  expect(JSON.parse(request?.body ?? "")).toEqual({
    file_name: "chart.png",
    file_type: "image/png",
  });
  expect(upload === undefined ? [] : (await formOf(upload)).files).toEqual([
    { field: "file", name: "chart.png", type: "image/png", bytes: png },
  ]);
  expect(push?.headers.get("access-token")).toBe("o.12345");
  const { body } = z
    .strictObject({
      type: z.literal("file"),
      file_name: z.literal("chart.png"),
      file_type: z.literal("image/png"),
      file_url: z.literal("https://dl.pushb.example/abc/chart.png"),
      body: some,
    })
    .parse(JSON.parse(push?.body ?? ""));
  expect(body).toContain("Value: 97.2 % (fires if > 90 %)\nSince: ");
});

test.each([
  ["no address", () => ({})],
  ["an address without TLS behind one with it", () => ({ ...good(""), upload_url: "ftp://x/" })],
])("a chart for which pushbullet gives %s is left out", async (_what, given) => {
  place = given;
  const outcome = await sendBy(pushbullet, config, { parts: chartParts });
  expect(outcome).toMatchObject({
    kind: "sent",
    answer: expect.stringContaining("without the chart"),
  });
  z.strictObject({ type: z.literal("link"), title: some, body: some, url: z.url() }).parse(
    JSON.parse(received.at(-1)?.body ?? ""),
  );
});
