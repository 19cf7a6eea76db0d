import { gzipSync, brotliCompressSync, constants } from "node:zlib";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OperatingError } from "#shared/errors.ts";

/** What one build made. */
export type UiBuild = {
  readonly outdir: string;
  /** Bytes of all script, and of the part that the first page loads, gzipped. */
  readonly scriptGzipBytes: number;
  readonly firstLoadGzipBytes: number;
};

const compressible = /\.(?:html|js|css|svg)$/;

/**
 * Bundles the interface into `outdir` (default: ui/dist): index.html and files with hashed names, split by page, each with
 * .gz and .br siblings to be served as they are. Throws OperatingError("bad_request") naming what does not build.
 */
export async function buildUi(outdir: string = join(import.meta.dir, "dist")): Promise<UiBuild> {
  await rm(outdir, { recursive: true, force: true });
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "index.html")],
    outdir,
    target: "browser",
    publicPath: "/",
    minify: true,
    splitting: true,
    sourcemap: "none",
    define: { "process.env.NODE_ENV": '"production"' },
    naming: {
      entry: "[name].[ext]",
      chunk: "assets/[name]-[hash].[ext]",
      asset: "assets/[name]-[hash].[ext]",
    },
    throw: false,
  });
  if (!built.success) {
    throw new OperatingError(
      "bad_request",
      `the interface does not build: ${built.logs.map(String).join("\n")}`,
    );
  }
  await buildPushWorker(outdir);
  let scriptGzipBytes = 0;
  for (const file of await readdir(outdir, { recursive: true })) {
    if (!compressible.test(file)) continue;
    const gzipBytes = await compress(join(outdir, file));
    if (file.endsWith(".js")) scriptGzipBytes += gzipBytes;
  }
  return { outdir, scriptGzipBytes, firstLoadGzipBytes: await firstLoadBytes(outdir) };
}

/** The service worker of browser push: a script of its own under a name that stays, which no page loads. */
async function buildPushWorker(outdir: string): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "views/alerts/push/push_worker.ts")],
    outdir: join(outdir, "assets"),
    target: "browser",
    format: "iife",
    minify: true,
    naming: "[name].[ext]",
    throw: false,
  });
  if (built.success) return;
  const faults = built.logs.map(String).join("\n");
  throw new OperatingError("bad_request", `the service worker does not build: ${faults}`);
}

/** Writes the siblings; bytes of the gzipped one. */
async function compress(path: string): Promise<number> {
  const bytes = await Bun.file(path).bytes();
  const gzip = gzipSync(bytes, { level: 9 });
  await Bun.write(`${path}.gz`, gzip);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  await Bun.write(`${path}.br`, brotliCompressSync(bytes, { params: quality }));
  return gzip.length;
}

/** Gzipped bytes of the script that index.html of a build pulls in, following static imports. */
export async function firstLoadBytes(outdir: string): Promise<number> {
  const html = await Bun.file(join(outdir, "index.html")).text();
  const waiting = [...html.matchAll(/<script[^>]+src="([^"]+)"/g)].map((match) =>
    join(outdir, match[1] ?? ""),
  );
  const seen = new Set<string>();
  let total = 0;
  for (const path of waiting) {
    if (seen.has(path)) continue;
    seen.add(path);
    total += Bun.file(`${path}.gz`).size;
    const script = await Bun.file(path).text();
    for (const { kind, path: imported } of new Bun.Transpiler({ loader: "js" }).scanImports(
      script,
    )) {
      if (kind !== "import-statement") continue;
      waiting.push(
        imported.startsWith("/") ? join(outdir, imported) : join(dirname(path), imported),
      );
    }
  }
  return total;
}

function kb(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}

if (import.meta.main) {
  const { outdir, scriptGzipBytes, firstLoadGzipBytes } = await buildUi(Bun.argv[2]);
  console.log(
    `${outdir}: first load ${kb(firstLoadGzipBytes)} of script, all pages ${kb(scriptGzipBytes)} (gzip)`,
  );
}
