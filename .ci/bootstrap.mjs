// Makes a fresh clone ready with Node and npm alone: locked dependencies (Bun among them) and the built interface.
// Runs in plain Node, before anything is installed. Does nothing where nothing has changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const bun = join(root, "node_modules", ".bin", "bun");

/** Runs a command in the repository with our output; throws when it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${done.status}`);
}

export function bootstrap() {
  installDependencies();
  buildInterface();
}

function installDependencies() {
  // Under Bun, `bun install` came before.
  if (process.versions.bun !== undefined && existsSync(bun)) return;
  const wanted = hashOf([join(root, "package-lock.json")]);
  const stamp = join(root, "node_modules", ".lapwing-installed");
  if (existsSync(bun) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.error("Installing the locked dependencies ...");
  // Output goes to standard error, so that a command's own output stays clean.
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  writeFileSync(stamp, wanted);
}

function buildInterface() {
  const sources = ["ui", "shared", "proto"].flatMap((room) => filesBelow(join(root, room)));
  const wanted = hashOf([...sources, join(root, "package-lock.json")]);
  const stamp = join(root, "node_modules", ".lapwing-ui-built");
  const page = join(root, "ui", "dist", "index.html");
  if (existsSync(page) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.error("Building the interface ...");
  run(bun, ["ui/build.ts"], { stdio: ["ignore", 2, 2] });
  writeFileSync(stamp, wanted);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes(`${join("ui", "dist")}`))
    .toSorted();
}

function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest("hex");
}
