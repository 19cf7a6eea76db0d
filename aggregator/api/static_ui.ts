import { join, normalize } from "node:path";
import { Hono } from "hono";

/** Files of the build: Bun's bundler puts a hash of the content into their names, so they never change. */
const assets = "/assets/";
/** Paths of the APIs: what they do not answer is not a page. */
const notPages = /^\/(?:api|loki|lapwing\.v1|-)\//;

/**
 * The built interface from a folder. Every path but those of assets and APIs is a page of the app and gets index.html; assets are
 * cached for good, the page itself never. A `.gz` or `.br` beside a file is sent where the client takes it.
 */
export function staticUi(folder: string): Hono {
  const app = new Hono();
  app.get("*", async (c) => {
    // Names of our files need no decoding, so whatever is escaped is part of a page's path.
    const path = normalize(c.req.path);
    // No file system has a name with a zero byte in it.
    if (notPages.test(path) || path.includes("\0")) return c.notFound();
    const isAsset = path.startsWith(assets);
    const file = join(folder, isAsset ? path : "index.html");
    const accepted = c.req.header("accept-encoding") ?? "";
    const [encoding, suffix] = accepted.includes("br") ? ["br", ".br"] : ["gzip", ".gz"];
    const packed = Bun.file(file + suffix);
    const usePacked = accepted.includes(encoding) && (await packed.exists());
    const plain = Bun.file(file);
    if (!usePacked && !(await plain.exists())) return c.notFound();
    const headers = new Headers({
      "content-type": plain.type,
      "cache-control": isAsset ? "public, max-age=31536000, immutable" : "no-cache",
      "x-content-type-options": "nosniff",
      "content-security-policy":
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'",
    });
    if (usePacked) headers.set("content-encoding", encoding);
    if (usePacked) headers.set("vary", "accept-encoding");
    return new Response(usePacked ? packed : plain, { headers });
  });
  return app;
}
