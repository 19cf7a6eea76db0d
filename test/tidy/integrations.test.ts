import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { assetFiles, integrationFolder, readAssets } from "#agent/integrations/assets.ts";
import { integrationsDocument } from "#agent/integrations/document.ts";
import { integrations } from "#agent/integrations/registry.ts";
import { toGrafana } from "#shared/dashboards/to_grafana.ts";

const root = join(import.meta.dir, "..", "..");
const names: string[] = Object.keys(integrations);
const promtool = Bun.which("promtool");

/** What integrations have in common. */
const shared = new Set(["connections", "detection", "log_sources"]);

test("every folder of agent/integrations is registered, sorted, and has all its files", () => {
  const folders = readdirSync(join(root, "agent/integrations"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !shared.has(entry.name))
    .map(({ name }) => name);
  expect(names).toEqual(folders.toSorted());
  for (const [name, integration] of Object.entries(integrations))
    expect<string>(integration.name).toBe(name);
  const files = ["config.ts", "integration.ts", "README.md", ...Object.values(assetFiles)];
  const missing = names.flatMap((name) =>
    [...files, `${name}.test.ts`]
      .map((file) => `agent/integrations/${name}/${file}`)
      .filter((path) => !existsSync(join(root, path))),
  );
  expect(missing).toEqual([]);
});

test("dashboards, rules and objectives are of their forms, and what Grafana gets has a place for each panel", () => {
  for (const name of names) {
    const { board } = readAssets(integrationFolder(name));
    const { panels } = toGrafana(board, `lapwing-${name}`);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  }
});

test.skipIf(promtool === null)("promtool finds nothing wrong with any rules", () => {
  const files = names.map((name) => join(integrationFolder(name), assetFiles.rules));
  const { exitCode, stderr } = Bun.spawnSync([promtool ?? "", "check", "rules", ...files]);
  expect([stderr.toString(), exitCode]).toEqual(["", 0]);
});

test("docs/integrations.md says what the folders do; else: bun run docs:integrations", () => {
  const written = readFileSync(join(root, "docs/integrations.md"), "utf8");
  expect(written === integrationsDocument()).toBe(true);
});
