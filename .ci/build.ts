/**
 * `npm run build`: the interface, and the agent as one file for each kind of Linux:
 *
 *     bun .ci/build.ts [--out FOLDER] [--release VERSION] [TARGET ...]      targets: linux-x64 linux-arm64 linux-x64-musl ui
 *
 * A compiled agent holds Bun, our code and one native library: lz4's, in the build for its own platform. Those of other
 * platforms are fetched as npm packages, in the version and with the checksum that package-lock.json has for them.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };

const root = resolve(import.meta.dir, "..");
const cache = join(root, "node_modules/.cache/lapwing-build");
const entry = join(root, "agent/main.ts");

type Target = {
  readonly name: string;
  readonly bun: Bun.Build.CompileTarget;
  readonly lz4Package: string;
};
const targets: readonly Target[] = [
  { name: "linux-x64", bun: "bun-linux-x64", lz4Package: "linux-x64-gnu" },
  { name: "linux-arm64", bun: "bun-linux-arm64", lz4Package: "linux-arm64-gnu" },
  { name: "linux-x64-musl", bun: "bun-linux-x64-musl", lz4Package: "linux-x64-musl" },
];

const { values, positionals } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "dist") },
    release: { type: "string", default: manifest.version },
  },
  allowPositionals: true,
});
const known = ["ui", ...targets.map(({ name }) => name)];
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0)
  throw new Error(`no target ${unknown.join(", ")}: expected ${known.join(", ")}`);
const wanted = positionals.length === 0 ? known : positionals;

if (wanted.includes("ui")) await buildInterface();
for (const target of targets) if (wanted.includes(target.name)) await buildAgent(target);

async function buildInterface(): Promise<void> {
  if (!existsSync(join(root, "ui/build.ts"))) return;
  await run([process.execPath, "ui/build.ts"], root);
}

async function buildAgent(target: Target): Promise<void> {
  mkdirSync(values.out, { recursive: true });
  const outfile = join(values.out, `lapwing-agent-${target.name}`);
  const library = await lz4Library(target);
  const built = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    minify: true,
    // What is imported when it is needed stays out of memory until then.
    splitting: true,
    // Compiled beforehand: what a start parses else costs twice its CPU, and six MB of memory for as long as the agent runs.
    format: "esm",
    bytecode: true,
    sourcemap: "none",
    define: { buildVersion: JSON.stringify(values.release) },
    // A folder's .env or bunfig.toml has no say in an installed agent.
    compile: { target: target.bun, outfile, autoloadDotenv: false, autoloadBunfig: false },
    plugins: [onlyLibrary(library)],
    throw: false,
  });
  if (!built.success)
    throw new Error(`${target.name} does not build:\n${built.logs.map(String).join("\n")}`);
  console.log(`${outfile}: ${(statSync(outfile).size / 1_000_000).toFixed(1)} MB`);
}

/**
 * lz4-napi looks at run time for the library of the platform it runs on, and would pull in what this machine has installed.
 * In its place comes a module that loads the one library that was chosen.
 */
function onlyLibrary(path: string): Bun.BunPlugin {
  return {
    name: "one native library",
    setup(build) {
      build.onLoad({ filter: /\/node_modules\/lz4-napi\/index\.js$/ }, () => ({
        contents: `Object.assign(module.exports, require(${JSON.stringify(path)}));`,
        loader: "js",
      }));
    },
  };
}

/** Path of lz4's library for the target: as installed, else from the cache, else from the registry. */
async function lz4Library({ lz4Package }: Target): Promise<string> {
  const name = `@antoniomuso/lz4-napi-${lz4Package}`;
  const file = `lz4-napi.${lz4Package}.node`;
  const installed = join(root, "node_modules", name, file);
  if (existsSync(installed)) return installed;
  const lock = await Bun.file(join(root, "package-lock.json")).json();
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  const folder = join(cache, `${lz4Package}-${version}`);
  const unpacked = join(folder, "package", file);
  if (existsSync(unpacked)) return unpacked;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const packed = await run(["npm", "pack", "--silent", `${name}@${version}`], folder);
  const archive = join(folder, packed.trim().split("\n").at(-1) ?? "");
  const digest = createHash("sha512")
    .update(await Bun.file(archive).bytes())
    .digest("base64");
  if (`sha512-${digest}` !== integrity) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${name}@${version} has checksum sha512-${digest}, expected ${integrity}`);
  }
  await run(["tar", "-xzf", archive, "-C", folder], folder);
  return unpacked;
}

async function run(command: readonly string[], cwd: string): Promise<string> {
  const child = Bun.spawn([...command], { cwd, stdout: "pipe", stderr: "inherit" });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed: ${output}`);
  return output;
}
