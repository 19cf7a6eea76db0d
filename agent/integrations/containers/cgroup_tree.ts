import { existsSync, readdirSync, statSync } from "node:fs";
import { OperatingError } from "#shared/errors.ts";

/** Where the files of controllers lie. Version 1 has a hierarchy for each. */
export type CgroupRoots =
  | { readonly version: 2; readonly root: string }
  | { readonly version: 1; readonly of: Readonly<Record<ControllerName, string | undefined>> };

const controllers = ["cpu", "cpuacct", "memory", "blkio", "pids"] as const;
type ControllerName = (typeof controllers)[number];

/** One control group that is told of. */
export type FoundCgroup = {
  /** Path below the root, label `id` as cAdvisor writes it: "/system.slice/docker-....scope". */
  readonly path: string;
  /** The container's id, or its name where the runtime has none; undefined for other groups. */
  readonly container: string | undefined;
};

/** Throws OperatingError("unavailable") where there is neither version. */
export function findRoots(root: string): CgroupRoots {
  if (existsSync(`${root}/cgroup.controllers`)) return { version: 2, root };
  let names: string[] = [];
  try {
    names = readdirSync(root);
  } catch {
    // Told below.
  }
  // "cpu,cpuacct": two of them may share a hierarchy.
  const folderOf = (name: ControllerName) => {
    const folder = names.find((each) => each.split(",").includes(name));
    return folder === undefined ? undefined : `${root}/${folder}`;
  };
  const of = {
    cpu: folderOf("cpu"),
    cpuacct: folderOf("cpuacct"),
    memory: folderOf("memory"),
    blkio: folderOf("blkio"),
    pids: folderOf("pids"),
  };
  if (controllers.every((name) => of[name] === undefined))
    throw new OperatingError("unavailable", `no control groups at ${root}`);
  return { version: 1, of };
}

/** Docker, Podman, containerd, CRI-O and others name the group by 64 hexadecimal digits: bare, or "RUNTIME-ID.scope" under systemd. */
const byId = /^(?:[a-z][a-z-]*-)?([0-9a-f]{64})(?:\.scope)?$/;
/** What watches over a container has a group of its own beside it. */
const monitor = /-conmon-/;
const byName = /^(?:lxc\.payload\.(.+)|systemd-nspawn@(.+)\.service|machine-(.+)\.scope)$/;
/** "/lxc/NAME" of older LXC. */
const lxcFolder = "/lxc/";

/** The container that a group belongs to by its path, or undefined. */
export function containerOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (monitor.test(name)) return undefined;
  const id = byId.exec(name)?.[1];
  if (id !== undefined) return id;
  const [, lxc, nspawn, machine] = byName.exec(name) ?? [];
  const given = lxc ?? nspawn ?? machine;
  if (given !== undefined) return given.replaceAll(String.raw`\x2d`, "-");
  return path.startsWith(lxcFolder) && path.indexOf("/", lxcFolder.length) < 0 ? name : undefined;
}

const depthMax = 12;

/**
 * All groups below the root whose path is a container's, or all where `all` is set; sorted by path, without the root itself. A folder that has no
 * folders in it is not listed: the kernel counts them as links.
 */
export function listCgroups(roots: CgroupRoots, all: boolean): FoundCgroup[] {
  const found: FoundCgroup[] = [];
  const root =
    roots.version === 2 ? roots.root : (roots.of.memory ?? roots.of.cpuacct ?? roots.of.cpu ?? "");
  const visit = (path: string, depth: number): void => {
    if (path !== "") {
      const container = containerOf(path);
      if (all || container !== undefined) found.push({ path, container });
    }
    if (depth >= depthMax) return;
    for (const name of foldersIn(root + path)) visit(`${path}/${name}`, depth + 1);
  };
  visit("", 0);
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Names of the groups in a group. */
export function foldersIn(path: string): string[] {
  try {
    // 2 for itself and "."; file systems that do not count have 1.
    if (statSync(path).nlink === 2) return [];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    // Removed in between.
    return [];
  }
}
