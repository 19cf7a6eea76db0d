import {
  appendFileSync,
  copyFileSync,
  existsSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "bun:test";
import { TailHost } from "#test/support/tail_host.ts";
import { readCheckpoint } from "./checkpoint.ts";

for (const glob of ["app.log", "app.log*"])
  test(`what was copied and truncated before it was read is found after the next rename, under ${glob}`, async () => {
    await using host = new TailHost();
    const path = host.path("app.log");
    writeFileSync(path, "0\n");
    // No scan comes between that nothing asks for.
    host.start({ paths: [host.path(glob)], start_at: "beginning", rescan_interval: "1h" });
    await host.untilLines(1);
    appendFileSync(path, "1\n");
    await host.untilLines(2);
    copyAndTruncate(path);
    await host.until(() => readAt(host, path) === 0, "the position after the truncation");
    writeFileSync(path, "2\n3\n");
    copyAndTruncate(path);
    // The file is looked at while it is empty.
    await Bun.sleep(50);
    renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, "4\n");
    await host.untilLines(5);
    expect(host.texts().toSorted()).toEqual(["0", "1", "2", "3", "4"]);
  });

/** As logrotate does, on a machine so busy that the truncation is some ticks of the kernel's clock after the copy. */
function copyAndTruncate(path: string): void {
  if (existsSync(`${path}.1`)) renameSync(`${path}.1`, `${path}.2`);
  copyFileSync(path, `${path}.1`);
  Bun.sleepSync(20);
  truncateSync(path, 0);
}

/** The stored position in a file. */
function readAt(host: TailHost, path: string): number | undefined {
  const { dev, ino } = statSync(path);
  const text = host.checkpoints.get(`${dev}:${ino}`);
  return text === undefined ? undefined : readCheckpoint(text)?.offset;
}
