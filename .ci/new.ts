/** `bun run new integration|receiver|panel|route NAME`: the smallest that works, with a test and its line in the registry. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { newIntegration } from "./new/integration.ts";
import { type Files, type Names, namesOf, type ReadFile } from "./new/names.ts";
import { newPanel } from "./new/panel.ts";
import { newReceiver } from "./new/receiver.ts";
import { newRoute } from "./new/route.ts";

const kinds: Readonly<Record<string, (names: Names, read: ReadFile) => Files>> = {
  integration: newIntegration,
  receiver: newReceiver,
  panel: newPanel,
  route: newRoute,
};
const next: Readonly<Record<string, string>> = {
  integration: "Then: bun run docs:integrations",
  receiver: "Then: describe it in docs/receivers.md",
};

/** Whether a file is of all of its kind, so that it is there before. */
function isShared(path: string): boolean {
  return /\/(?:registry|config|server|route_permissions)\.ts$/.test(path);
}

/** Writes what is new into the repository at `root`; paths of what was written. Throws where something of that name exists. */
function create(root: string, kind: string, name: string): string[] {
  const make = kinds[kind];
  if (make === undefined)
    throw new Error(`unknown kind "${kind}": expected ${Object.keys(kinds).join(", ")}`);
  const files = make(namesOf(name), (path) => readFileSync(join(root, path), "utf8"));
  const taken = Object.keys(files).filter(
    (path) => existsSync(join(root, path)) && (!isShared(path) || path.includes(`/${name}/`)),
  );
  if (taken.length > 0) throw new Error(`exists already: ${taken.join(", ")}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return Object.keys(files);
}

const [kind = "", name = ""] = process.argv.slice(2);
try {
  // Where it is run, so that a copy of the repository can be tried on.
  const paths = create(process.cwd(), kind, name);
  const formatter = join(process.cwd(), "node_modules/.bin/oxfmt");
  Bun.spawnSync([formatter, ...paths.filter((path) => !path.endsWith(".md"))]);
  console.log([...paths, ...(next[kind] === undefined ? [] : [next[kind]])].join("\n"));
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : String(thrown));
  console.error("usage: bun run new integration|receiver|panel|route NAME");
  process.exitCode = 2;
}
