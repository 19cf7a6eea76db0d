/** The program that draws a chart: SVG in, PNG out. */
import { readFileSync } from "node:fs";
import { Resvg, initWasm } from "@resvg/resvg-wasm";
import { answerOnce } from "#shared/runtime/process/answer_once.ts";
import { fontFiles } from "./font_files.ts";
import { openTypeOf } from "./open_type.ts";

const wasm = Bun.resolveSync("@resvg/resvg-wasm/index_bg.wasm", import.meta.dir);

await answerOnce(async (svg) => {
  await initWasm(readFileSync(wasm));
  const fontBuffers = fontFiles().map((path) => openTypeOf(readFileSync(path)));
  const font = { fontBuffers, defaultFontFamily: "Inter", loadSystemFonts: false };
  return new Resvg(Buffer.from(svg).toString(), { font }).render().asPng();
});
