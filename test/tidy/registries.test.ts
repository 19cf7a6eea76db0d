import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..", "..");
/** Folders in which every module must stand in the registry beside it; the rest of the names are contracts. */
const registries: Readonly<Record<string, readonly string[]>> = {
  "agent/collect/sources": ["binder.ts", "config.ts", "provenance.ts", "registry.ts"],
  "agent/pipeline/processors": [
    "chain.ts",
    "config.ts",
    "formats",
    "log_metrics.ts",
    "match",
    "processor.ts",
    "records.ts",
    "registry.ts",
  ],
  "agent/collect/discovery": ["registry.ts", "discovery.ts", "target_list.ts"],
  "agent/collect/sources/host_metrics": [],
};

/** Folders whose modules are folders with this file, the contract's. */
const foldersOfModules: Readonly<Record<string, string>> = {
  "agent/collect/receivers": "receiver.ts",
};

for (const folder of Object.keys(registries)) {
  test(`${folder}/registry.ts lists every module of its folder, sorted`, async () => {
    const text = await Bun.file(join(root, folder, "registry.ts")).text();
    const listed = [
      ...text.matchAll(/import \{[^}]*\} from "\.\/([a-z0-9_]+)(?:\.ts|\/[a-z0-9_/]+\.ts)"/g),
    ].map((m) => m[1]);
    expect(listed.length).toBeGreaterThan(0);
    expect(listed).toEqual(listed.toSorted((a = "", b = "") => (a < b ? -1 : 1)));
    if (folder.endsWith("host_metrics")) return;
    const modules = readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || /^[a-z0-9_]+\.ts$/.test(entry.name))
      .map((entry) => entry.name)
      .filter((name) => !(registries[folder] ?? []).includes(name))
      .map((name) => name.replace(/\.ts$/, ""));
    for (const module of modules) expect(listed).toContain(module);
  });
}

test.each(Object.entries(foldersOfModules))(
  "%s/registry.ts lists every folder with a %s, sorted",
  async (folder, contract) => {
    const text = await Bun.file(join(root, folder, "registry.ts")).text();
    const listed = [...text.matchAll(/import \{[^}]*\} from "\.\/([a-z0-9_]+)\/[a-z_]+\.ts"/g)].map(
      (match) => match[1] ?? "",
    );
    const modules = readdirSync(join(root, folder), { withFileTypes: true })
      .filter(
        (entry) => entry.isDirectory() && existsSync(join(root, folder, entry.name, contract)),
      )
      .map(({ name }) => name);
    expect(modules.length).toBeGreaterThan(0);
    expect(listed).toEqual(modules.toSorted());
  },
);
