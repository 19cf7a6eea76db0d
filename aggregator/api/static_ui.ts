import { join, normalize } from "node:path";
import { Hono } from "hono";

/** Bun's bundler puts a hash of the content into these names, so they never change. */
const hashedName = /-[0-9a-z]{8}\.\w+$/;

/**
 * The built interface from a folder. Any path without an extension is a page of the app and gets index.html; names with a hash are
 * cached for good, the page itself never. A `.gz` or `.br` beside a file is sent where the client takes it.
 */
export function staticUi(folder: string): Hono {
  const app = new Hono();
  app.get("*", async (c) => {
    const path = normalize(decodeURIComponent(c.req.path));
    if (path.includes("..") || path.includes("\0")) return c.notFound();
    const isPage = !/\.\w+$/.test(path);
    const file = join(folder, isPage ? "index.html" : path);
    const accepted = c.req.header("accept-encoding") ?? "";
    const [encoding, suffix] = accepted.includes("br") ? ["br", ".br"] : ["gzip", ".gz"];
    const packed = Bun.file(file + suffix);
    const usePacked = accepted.includes(encoding) && (await packed.exists());
    const plain = Bun.file(file);
    if (!usePacked && !(await plain.exists())) return c.notFound();
    const headers = new Headers({
      "content-type": plain.type,
      "cache-control": hashedName.test(path) ? "public, max-age=31536000, immutable" : "no-cache",
      "x-content-type-options": "nosniff",
    });
    if (usePacked) headers.set("content-encoding", encoding);
    if (usePacked) headers.set("vary", "accept-encoding");
    return new Response(usePacked ? packed : plain, { headers });
  });
  return app;
}
