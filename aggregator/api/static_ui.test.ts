import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { staticUi } from "./static_ui.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-ui-"));
mkdirSync(join(folder, "ui", "assets"), { recursive: true });
writeFileSync(join(folder, "secret.txt"), "secret");
writeFileSync(join(folder, "ui", "index.html"), "<p>page</p>");
writeFileSync(join(folder, "ui", "assets", "main-12345678.js"), "plain");
writeFileSync(join(folder, "ui", "assets", "main-12345678.js.gz"), Bun.gzipSync("plain"));
afterAll(() => rmSync(folder, { recursive: true }));

const app = staticUi(join(folder, "ui"));

test("a path of the app gets the page, also with a dot in it, and is never cached", async () => {
  for (const path of ["/", "/hosts", "/hosts/db.example.com"]) {
    const response = await app.request(path);
    expect(await response.text()).toBe("<p>page</p>");
    expect(response.headers.get("cache-control")).toBe("no-cache");
  }
});
test("an asset is sent packed to who takes it, and cached for good", async () => {
  const path = "/assets/main-12345678.js";
  const headers = { "accept-encoding": "gzip" };
  const packed = await app.request(path, { headers });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(packed.headers.get("cache-control")).toContain("immutable");
  expect(await (await app.request(path)).text()).toBe("plain");
});
test.each(["/api/v1/nothing", "/loki/api/v1/x", "/assets/none.js", "/assets/..%2f..%2fsecret.txt"])(
  "%s is not found",
  async (path) => {
    expect((await app.request(path)).status).toBe(404);
  },
);
test("no path leaves the folder", async () => {
  for (const path of [
    "/assets/../../secret.txt",
    "/assets/%2e%2e/%2e%2e/secret.txt",
    "/%zz",
    "/..%00",
  ])
    expect(await (await app.request(path)).text()).not.toContain("secret");
});
