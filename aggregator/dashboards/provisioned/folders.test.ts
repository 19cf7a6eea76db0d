import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { ProvisionedFolders } from "./folders.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-folders-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

async function opened(...folders: string[]): Promise<ProvisionedFolders> {
  const parts = { clock: systemClock, log: silentLogger, isTaken: (uid: string) => uid === "own" };
  const found = await ProvisionedFolders.open({ folders, interval: 60_000 }, parts);
  cleanups.push(() => found.close());
  return found;
}

const grafana = (uid: string) => JSON.stringify({ uid, title: `Of ${uid}`, schemaVersion: 39 });

test("ProvisionedFolders reads both formats, folders in folders, and lists what is broken with its fault", async () => {
  const folder = await emptyFolder();
  await mkdir(join(folder, "team", "web"), { recursive: true });
  await mkdir(join(folder, ".git"));
  await writeFile(join(folder, ".git", "hidden.json"), grafana("hidden"));
  await writeFile(join(folder, "mine.yaml"), "title: Mine\n");
  await writeFile(join(folder, "team", "web", "theirs.json"), grafana("theirs"));
  await writeFile(join(folder, "team", "broken.json"), '{"title": 5}');
  await writeFile(join(folder, "notes.txt"), "no dashboard");
  const found = await opened(folder, join(folder, "nowhere"));
  const list = [...found.all().values()].map(({ summary, document }) => [
    summary.uid,
    summary.title,
    summary.folder,
    document?.format,
    summary.fault.replace(folder, ""),
  ]);
  expect(list).toEqual([
    ["mine", "Mine", "", "lapwing", ""],
    [
      "team-broken",
      "broken",
      "team",
      undefined,
      "team/broken.json: title is 5: Invalid input: expected string, received number",
    ],
    ["theirs", "Of theirs", "team/web", "grafana", ""],
    [expect.any(String), "nowhere", "", undefined, expect.stringContaining("/nowhere: ENOENT")],
  ]);
});

test("ProvisionedFolders sees what changes, comes and goes", async () => {
  const folder = await emptyFolder();
  await writeFile(join(folder, "a.json"), grafana("a"));
  const found = await opened(folder);
  const before = found.all().get("a")?.document;
  await found.refresh();
  expect(found.all().get("a")?.document).toBe(before);
  await writeFile(join(folder, "a.new"), JSON.stringify({ title: "Other", schemaVersion: 1 }));
  await rename(join(folder, "a.new"), join(folder, "a.json"));
  await writeFile(join(folder, "b.yml"), "title: B\n");
  await found.refresh();
  expect([...found.all().values()].map(({ summary }) => summary.title)).toEqual(["Other", "B"]);
  await rm(join(folder, "a.json"));
  await found.refresh();
  expect([...found.all().keys()]).toEqual(["b"]);
});

test("ProvisionedFolders follows links within its folder only, and gives no uid twice", async () => {
  const [folder, outside] = [await emptyFolder(), await emptyFolder()];
  await writeFile(join(outside, "secret.json"), grafana("secret"));
  await symlink(join(outside, "secret.json"), join(folder, "secret.json"));
  await symlink(outside, join(folder, "elsewhere"));
  // As Kubernetes mounts a ConfigMap.
  await mkdir(join(folder, "..2026"));
  await writeFile(join(folder, "..2026", "c.json"), grafana("c"));
  await symlink(join("..2026", "c.json"), join(folder, "c.json"));
  await writeFile(join(folder, "d.json"), grafana("c"));
  await writeFile(join(folder, "e.json"), grafana("own"));
  const uids = [...(await opened(folder)).all().keys()];
  expect(uids).toEqual([
    "c",
    expect.stringMatching(/^file-c-[0-9a-f]+$/),
    expect.stringMatching(/^file-own-[0-9a-f]+$/),
  ]);
});
