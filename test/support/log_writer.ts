/**
 * A program that logs and a logrotate that rotates, in a process of their own:
 *
 *     bun log_writer.ts PATH LINES_PER_SECOND SECONDS ROTATIONS_PER_SECOND STYLE
 *
 * Writes "<number> <text>" lines from 0 on, rotates by STYLE (rename, copytruncate, or alternately both), keeps five
 * generations, and prints how many lines it wrote. It goes on after the first line when it gets a byte on its standard input: a file that is
 * gone before a reader has looked for the first time was never there for it. Copy and truncate loses what is written between its two steps, whoever
 * reads: so here, where every line counts, nothing is written between them.
 */
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";

const sliceMs = 10;
const generationsMax = 5;
const levels = ["INFO", "INFO", "DEBUG", "WARN", "ERROR"];

const [path = "", rate = "", seconds = "", rotations = "", style = ""] = process.argv.slice(2);
console.log(await write(path, Number(rate), Number(seconds), Number(rotations)));

async function write(
  file: string,
  linesPerSecond: number,
  durationSeconds: number,
  rotationsPerSecond: number,
): Promise<number> {
  const lines = linesPerSecond * durationSeconds;
  let descriptor = openSync(file, "a");
  writeSync(descriptor, lineOf(0));
  let [written, rotated] = [1, 0];
  await Bun.stdin.stream().getReader().read();
  const beganMs = performance.now();
  while (written < lines) {
    const elapsed = (performance.now() - beganMs) / 1_000;
    // Behind the clock it catches up, so that the rate holds on a busy machine, too.
    const due = Math.min(lines, 1 + Math.floor(elapsed * linesPerSecond));
    let text = "";
    for (; written < due; written++) text += lineOf(written);
    writeSync(descriptor, text);
    if (Math.floor(elapsed * rotationsPerSecond) > rotated)
      descriptor = rotate(file, descriptor, rotated++);
    await Bun.sleep(sliceMs);
  }
  closeSync(descriptor);
  return written;
}

function lineOf(n: number): string {
  const level = levels[n % levels.length];
  return `${n} 2026-01-31T12:00:00.000Z ${level} [worker-${n % 7}] request served path=/api/items/${n * 7} status=200\n`;
}

function rotate(file: string, descriptor: number, count: number): number {
  rmSync(`${file}.${generationsMax}`, { force: true });
  for (let n = Math.min(count, generationsMax - 1); n >= 1; n--)
    renameSync(`${file}.${n}`, `${file}.${n + 1}`);
  const isRename = style === "rename" || (style === "both" && count % 2 === 0);
  if (!isRename) {
    copyFileSync(file, `${file}.1`);
    ftruncateSync(descriptor, 0);
    return descriptor;
  }
  renameSync(file, `${file}.1`);
  closeSync(descriptor);
  return openSync(file, "a");
}
