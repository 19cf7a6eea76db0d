/**
 * `npm run lock`: brings package-lock.json up to date with package.json, for all platforms. npm leaves out an optional dependency that
 * the registry at hand does not serve, such as a binary for another platform, and `npm ci` refuses such a lock file. Those entries are
 * added here, in the version that the lock asks for, without a checksum.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const platforms = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "sunos", "win32"];
/** Ends of package names that say which C library a binary for Linux needs. */
const libraries = [
  [/-(?:gnu|gnueabihf)$/, "glibc"],
  [/-(?:musl|musleabihf)$/, "musl"],
];

/** What the lock's packages depend on and have no entry for. `isOptional`: the package works without it. */
export function missingEntries(lock) {
  const missing = [];
  for (const [place, { dependencies, devDependencies, optionalDependencies }] of Object.entries(
    lock.packages,
  )) {
    const wanted = { ...dependencies, ...devDependencies, ...optionalDependencies };
    for (const [name, version] of Object.entries(wanted)) {
      if (isFound(lock, place, name)) continue;
      missing.push({
        by: place,
        name,
        version,
        isOptional: optionalDependencies?.[name] !== undefined,
      });
    }
  }
  return missing;
}

/** As Node looks a package up: beside the one that asks, then further out. */
function isFound(lock, place, name) {
  for (let at = place; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    if (lock.packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`] !== undefined)
      return true;
    if (at === "") return false;
  }
}

/** The entry that npm writes for a binary of one platform, but for its checksum. */
export function platformEntry(name, version, parent) {
  const words = name.slice(name.indexOf("/") + 1).split("-");
  const os = platforms.find((each) => words.includes(each));
  const cpu = words[words.indexOf(os) + 1];
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+\S*$/.test(version))
    throw new Error(`${name}@${version} is missing in the lock and is no binary of one platform`);
  const library = os === "linux" ? libraryOf(name, parent) : undefined;
  return {
    version,
    cpu: [cpu],
    ...(parent.dev === true && { dev: true }),
    ...(library !== undefined && { libc: [library] }),
    optional: true,
    os: [os],
  };
}

/** DuckDB names glibc's binaries after the processor alone, as it has others for musl. */
function libraryOf(name, parent) {
  const named = libraries.find(([end]) => end.test(name))?.[1];
  const hasMusl = parent.optionalDependencies?.[`${name}-musl`] !== undefined;
  return named ?? (hasMusl ? "glibc" : undefined);
}

/** The lock with an entry for each binary that is missing. Throws where something else is. */
export function completed(lock) {
  const packages = { ...lock.packages };
  for (const { by, name, version, isOptional } of missingEntries(lock)) {
    if (!isOptional)
      throw new Error(`${by || "package.json"} needs ${name}@${version}: not in the lock`);
    packages[`node_modules/${name}`] = platformEntry(name, version, lock.packages[by]);
  }
  const sorted = Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

function main() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const path = join(root, "package-lock.json");
  if (!process.argv.includes("--complete-only")) {
    const args = ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"];
    const { status } = spawnSync("npm", args, { cwd: root, stdio: "inherit" });
    if (status !== 0) throw new Error(`npm ${args.join(" ")} exited with ${status}`);
  }
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const missing = missingEntries(lock);
  writeFileSync(path, `${JSON.stringify(completed(lock), null, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} binaries of other platforms added`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
