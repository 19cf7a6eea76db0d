/**
 * `bun test/screens/run.ts --url ADDRESS --out FOLDER [--scenes FILES] [--only WORDS]`: pictures of the pages of a running Lapwing in
 * both themes and widths, one sheet a scene, to be looked at; `FILES` is how the names of the files of scenes begin. Prints what failed, and ends with 1 where anything did.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { findChromium, launchChromium } from "#test/support/chromium.ts";
import { shoot, type Scene } from "./shoot.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:7600" },
    out: { type: "string", default: "screens" },
    scenes: { type: "string", default: "" },
    only: { type: "string", default: "" },
  },
});
const chromium = findChromium();
if (chromium === undefined) throw new Error("pictures need Chromium");

type Scenes = readonly Scene[] | ((url: string) => Promise<readonly Scene[]>);
const Module = z.object({
  scenes: z.custom<Scenes>((made) => Array.isArray(made) || typeof made === "function"),
});
const folder = join(import.meta.dir, "scenes");
const scenes: Scene[] = [];
for (const file of readdirSync(folder).toSorted()) {
  if (!file.startsWith(values.scenes)) continue;
  const { scenes: made } = Module.parse(await import(join(folder, file)));
  const all = typeof made === "function" ? await made(values.url) : made;
  scenes.push(...all.filter((scene) => scene.name.includes(values.only)));
}
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const browser = await launchChromium(chromium);
try {
  const troubles = await shoot({ browser, url: values.url, scenes, out });
  for (const { scene, look, words } of troubles) console.error(`${scene} (${look}): ${words}`);
  console.log(`${scenes.length} sheets in ${out}, ${troubles.length} troubles`);
  process.exitCode = troubles.length === 0 ? 0 : 1;
} finally {
  await browser.close();
}
