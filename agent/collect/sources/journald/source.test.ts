import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { TailHost } from "#test/support/tail_host.ts";
import { binder } from "../binder.ts";
import { ExportParser } from "./export_parser.ts";
import { journald } from "./source.ts";

const wanted = new Set(["MESSAGE", "PRIORITY"]);

function binary(name: string, value: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.from("\n")]);
}

const stream = Buffer.concat([
  Buffer.from("__CURSOR=a\nMESSAGE=one=1\nPRIORITY=6\nMESSAGE=again\n\n\n"),
  binary("MESSAGE", Buffer.from([0x0a, 0x0a, 0xff, 0x3d, 0x00])),
  binary("COREDUMP", Buffer.alloc(5_000, 10)),
  Buffer.from("PRIORITY=\n\nOTHER=x\n\nMESSAGE="),
  Buffer.alloc(100, "m"),
  Buffer.from("\n\nMESSAGE=not ended"),
]);

function parsed(chunkBytes: number) {
  const parser = new ExportParser(wanted, 64);
  const entries = [];
  for (let at = 0; at < stream.length; at += chunkBytes)
    entries.push(...parser.push(stream.subarray(at, at + chunkBytes)));
  return entries.map(({ fields, cut }) => ({
    cut,
    fields: [...fields].map(([name, value]) => [name, value.toString("latin1")]),
  }));
}

test("the export format is read in chunks of any size", () => {
  const entries = [
    {
      cut: false,
      fields: [
        ["MESSAGE", "one=1"],
        ["PRIORITY", "6"],
      ],
    },
    {
      cut: false,
      fields: [
        ["MESSAGE", "\n\n\u00ff=\0"],
        ["PRIORITY", ""],
      ],
    },
    { cut: false, fields: [] },
    { cut: true, fields: [["MESSAGE", "m".repeat(64)]] },
  ];
  for (const size of [1, 2, 3, 7, 64, 1_000, stream.length]) expect(parsed(size)).toEqual(entries);
});

const parser = () => new ExportParser(wanted, 64);

test("what is not the export format is refused, not held", () => {
  expect(() => parser().push(Buffer.alloc(1_000, "x"))).toThrow("name is too long");
  expect(() => parser().push(Buffer.from(`MESSAGE\n${"\xff".repeat(8)}`, "latin1"))).toThrow(
    "length",
  );
  const wrongEnd = binary("MESSAGE", Buffer.from("abc"));
  wrongEnd[wrongEnd.length - 1] = 0x41;
  expect(() => parser().push(wrongEnd)).toThrow("does not end");
});

const remote = "/lib/systemd/systemd-journal-remote";
const hasJournal = existsSync(remote) && Bun.which("journalctl") !== null;

/** A journal written by systemd-journal-remote from entries in the export format. */
async function writeJournal(file: string, from: number, to: number): Promise<void> {
  const entries = Array.from({ length: to - from }, (_, n) => {
    const i = from + n;
    const head =
      `__REALTIME_TIMESTAMP=${1_700_000_000_000_000 + i * 1_000_001}\n__MONOTONIC_TIMESTAMP=${1_000 + i}\n` +
      `_BOOT_ID=${"0123456789abcdef".repeat(2)}\n_HOSTNAME=web\n_TRANSPORT=stdout\n_PID=${i}\n` +
      `PRIORITY=${i % 8}\n_SYSTEMD_UNIT=u${i % 2}.service\nSYSLOG_IDENTIFIER=app\n`;
    return Buffer.concat([
      Buffer.from(head),
      binary("MESSAGE", Buffer.from(`entry ${i}\n\u00e9`)),
      Buffer.from("\n"),
    ]);
  });
  const child = Bun.spawn([remote, "-o", file, "-"], {
    stdin: Buffer.concat(entries),
    stdout: "ignore",
    stderr: "pipe",
  });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(said);
}

const expected = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `entry ${from + n}\n\u00e9`);

test.skipIf(!hasJournal)(
  "a real journal is followed, and gone on with after its cursor",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "lapwing-journal-"));
    try {
      await using host = new TailHost();
      const file = join(folder, "test.journal");
      await writeJournal(file, 0, 50);
      const options = { arguments: [`--file=${file}`], labels: { zone: "a" } };
      host.run({ ...options, tail_entries: 20 }, binder(journald));
      await host.untilLines(20);
      expect(host.texts()).toEqual(expected(30, 50));
      expect(host.lines[0]).toMatchObject({
        labels: { job: "journal", host: "web", unit: "u0.service", transport: "stdout", zone: "a" },
        attributes: { syslog_identifier: "app", pid: "30" },
        severity: 9,
      });
      expect(host.lines[0]?.time).toBeCloseTo(1_700_000_030_000.03, 2);
      await host.stop();
      await writeJournal(file, 50, 80);
      host.run(options, binder(journald));
      await host.untilLines(50);
      await host.kill();
      host.run(options, binder(journald));
      await writeJournal(file, 80, 90);
      await host.untilLines(60);
      expect(host.texts()).toEqual(expected(30, 90));
      await host.stop();
      await using other = new TailHost();
      other.run(
        { ...options, start_at: "beginning", matches: ["_PID=4", "+", "_PID=7"] },
        binder(journald),
      );
      await other.untilLines(2);
      expect(other.texts()).toEqual(["entry 4\n\u00e9", "entry 7\n\u00e9"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test("it says what is missing", async () => {
  await using host = new TailHost();
  host.run({ command: "/nowhere/journalctl" }, binder(journald));
  for (let i = 0; i < 200 && host.problem === undefined; i++) await Bun.sleep(5);
  expect(host.problem).toContain("can't run /nowhere/journalctl");
  await host.stop();
});

test.skipIf(!hasJournal)("it says what journalctl says where there is no journal", async () => {
  await using host = new TailHost();
  host.run({ arguments: ["--file=/nowhere/x.journal"] }, binder(journald));
  for (let i = 0; i < 400 && host.problem === undefined; i++) await Bun.sleep(5);
  expect(host.problem).toMatch(/journalctl ended with 1: .*No such file/);
  await host.stop();
});
