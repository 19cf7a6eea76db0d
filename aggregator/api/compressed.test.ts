import { expect, test } from "bun:test";
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { Hono } from "hono";
import { compressed, encodingOf } from "./compressed.ts";
import { answering } from "./routes/prometheus/answer.ts";

const long = JSON.stringify("x".repeat(5_000));
const pieces = [
  "[",
  ...Array.from({ length: 60 }, (_, i) => `"${"é".repeat(100_000)}${i}",`),
  "0]",
];
const app = new Hono()
  .use(compressed)
  .get(
    "/whole",
    answering(() => ({ dataJson: long })),
  )
  .get(
    "/large",
    answering(() => ({ dataJson: pieces })),
  )
  .get("/stream", (c) => c.json(long))
  .get("/chosen", (c) => c.text(encodingOf(c) ?? "none"));

async function chosen(header: string | undefined): Promise<string> {
  const headers = header === undefined ? {} : { "accept-encoding": header };
  return (await app.request("/chosen", { headers })).text();
}

test("the client's preference wins, then ours; what it refuses is not used", async () => {
  expect(await chosen(undefined)).toBe("none");
  expect(await chosen("identity")).toBe("none");
  expect(await chosen("gzip")).toBe("gzip");
  expect(await chosen("gzip, deflate, br, zstd")).toBe("zstd");
  expect(await chosen("zstd;q=0.1, deflate;q=0.9, gzip;q=0.5")).toBe("deflate");
  expect(await chosen("gzip;q=0, *")).toBe("zstd");
  expect(await chosen("gzip;q=0")).toBe("none");
});
test("answers unpack to what they were, by every encoding", async () => {
  for (const [encoding, unpack] of [
    ["gzip", gunzipSync],
    ["deflate", inflateSync],
    ["zstd", zstdDecompressSync],
  ] as const) {
    for (const path of ["/whole", "/stream"]) {
      if (path === "/stream" && encoding === "zstd") continue;
      const response = await app.request(path, { headers: { "accept-encoding": encoding } });
      expect([path, response.headers.get("content-encoding")]).toEqual([path, encoding]);
      expect(response.headers.get("vary")).toBe("Accept-Encoding");
      expect(unpack(await response.bytes()).toString()).toContain("x".repeat(5_000));
    }
  }
});

test("an answer of many megabytes is the same, packed or not", async () => {
  const whole = `{"status":"success","data":${pieces.join("")}}`;
  expect(await (await app.request("/large")).text()).toBe(whole);
  for (const [encoding, unpack] of [
    ["gzip", gunzipSync],
    ["deflate", inflateSync],
    ["zstd", zstdDecompressSync],
  ] as const) {
    const response = await app.request("/large", { headers: { "accept-encoding": encoding } });
    expect(response.headers.get("content-encoding")).toBe(encoding);
    expect(unpack(await response.bytes()).toString() === whole).toBe(true);
  }
});
