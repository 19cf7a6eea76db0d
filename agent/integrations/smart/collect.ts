import { OperatingError, messageOf } from "#shared/errors.ts";
import type { SampleSink } from "../../collect/samples/family.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { type JsonObject, arrayOf, numberOf, objectOf, textOf } from "../connections/json_value.ts";
import { runProgram } from "../run_program.ts";
import type { SmartConfig } from "./config.ts";
import { addDisk, deviceLabel } from "./disk_samples.ts";
import { families } from "./families.ts";

const outputBytesMax = 4 * 1_024 * 1_024;
/** Programs at one time. */
const parallel = 4;
/** Of a tick's time; disks that are due then wait for the next tick. */
const shareOfTick = 0.6;
const asleep = /STANDBY|SLEEP|IDLE|low-power/i;

type Disk = {
  readonly name: string;
  readonly type: string | undefined;
  readonly label: string;
  answer: JsonObject | undefined;
  problem: string | undefined;
  nextMs: number;
};

/** Each disk is asked at its own interval; its last answer is told at each tick. */
export const openSmart: OpenInstance<SmartConfig> = (options, { clock, timeoutMs }) => {
  let disks: Disk[] = [];
  let scanned: JsonObject = {};
  let nextScanMs = 0;
  return {
    async collect(sink, tick) {
      if (tick.timestampMs >= nextScanMs) {
        // A scan that fails says what is wrong, each time.
        scanned = await ask(options, ["--scan"], tick);
        disks = disksOf(options, scanned, disks);
        nextScanMs = tick.timestampMs + options.scan_interval;
      }
      const endMs = clock.monotonic() + timeoutMs * shareOfTick;
      const due = disks.filter(({ nextMs }) => nextMs <= tick.timestampMs);
      const askNext = async () => {
        for (let disk = due.shift(); disk !== undefined; disk = due.shift()) {
          if (clock.monotonic() >= endMs || tick.signal.aborted) return;
          await askDisk(disk, options, tick);
        }
      };
      await Promise.all(Array.from({ length: parallel }, askNext));
      addVersion(sink, scanned);
      sink.add(families.devices, disks.length);
      for (const { label, answer, problem } of disks) {
        if (answer !== undefined) addDisk(sink, label, answer);
        if (problem !== undefined) tick.degraded(`${label}: ${problem}`);
      }
      if (disks.length === 0) tick.degraded("no disk found");
      else if (disks.every(({ answer, problem }) => answer === undefined && problem !== undefined))
        throw new OperatingError("unavailable", disks[0]?.problem ?? "no disk answers");
    },
  };
};

/** Named ones, or those of the scan; what is known of them stays. */
function disksOf(options: SmartConfig, scan: JsonObject, before: readonly Disk[]): Disk[] {
  const found =
    options.devices.length > 0
      ? options.devices
      : arrayOf(scan["devices"])
          .map(objectOf)
          .map((each) => ({ name: textOf(each["name"]), type: scannedType(each["type"]) }));
  const disks = new Map<string, Disk>();
  for (const { name, type } of found.slice(0, options.devices_max)) {
    const label = deviceLabel(name, type ?? "");
    if (name === "" || disks.has(label)) continue;
    const known = before.find((each) => each.label === label);
    const fresh = { answer: undefined, problem: undefined, nextMs: 0 };
    disks.set(label, known ?? { name, type, label, ...fresh });
  }
  return [...disks.values()];
}

/** A scan calls each /dev/sd? "scsi"; asked so, a SATA disk would tell neither health nor attributes. smartctl finds out when it is not told. */
function scannedType(type: unknown): string | undefined {
  const text = textOf(type);
  return text === "" || text === "scsi" ? undefined : text;
}

/** Throws OperatingError where the program can't be run or does not answer with JSON. */
async function ask(
  { command }: SmartConfig,
  args: readonly string[],
  tick: Tick,
): Promise<JsonObject> {
  const { stdout, stderr, code } = await runProgram({
    command: [...command, "--json", ...args],
    outputBytesMax,
    signal: tick.signal,
  });
  // Versions before 7.3 write a piece of text in front.
  const text = Buffer.from(stdout).toString();
  try {
    return objectOf(JSON.parse(text.slice(Math.max(0, text.indexOf("{")))));
  } catch {
    const [line = ""] = stderr.trim().split("\n");
    const reason = line === "" ? `smartctl ended with ${code} and without JSON` : line;
    throw new OperatingError("corrupt", reason);
  }
}

async function askDisk(disk: Disk, options: SmartConfig, tick: Tick): Promise<void> {
  disk.nextMs = tick.timestampMs + options.poll_interval;
  const { name, type } = disk;
  const args = [
    "--info",
    "--health",
    "--attributes",
    "--log=error",
    "--tolerance=verypermissive",
    "--format=brief",
    `--nocheck=${options.nocheck}`,
    ...(type === undefined ? [] : [`--device=${type}`]),
    name,
  ];
  try {
    const answer = await ask(options, args, tick);
    const { answered, problem } = judge(answer);
    disk.problem = problem;
    if (answered) disk.answer = answer;
  } catch (thrown) {
    disk.problem = messageOf(thrown);
  }
}

/** By the bits of smartctl's exit status (smartctl(8)): 0 not understood, 1 not opened or asleep, 2 a command failed. */
function judge(answer: JsonObject): { answered: boolean; problem: string | undefined } {
  const smartctl = objectOf(answer["smartctl"]);
  const status = numberOf(smartctl["exit_status"]) ?? 0;
  const words = arrayOf(smartctl["messages"])
    .map((each) => textOf(objectOf(each)["string"]))
    .filter((text) => text !== "");
  if ((status & 3) === 0) return { answered: true, problem: undefined };
  // What it told when it was awake still holds.
  if (words.some((text) => asleep.test(text))) return { answered: false, problem: undefined };
  return { answered: false, problem: words[0] ?? `smartctl ended with ${status}` };
}

function dotted(value: unknown): string {
  return arrayOf(value).map(textOf).join(".");
}

function addVersion(sink: SampleSink, scanned: JsonObject): void {
  const smartctl = objectOf(scanned["smartctl"]);
  const version = dotted(smartctl["version"]);
  if (version === "") return;
  const format = dotted(scanned["json_format_version"]);
  const [revision, build] = [textOf(smartctl["svn_revision"]), textOf(smartctl["build_info"])];
  sink.add(families.version, 1, format, version, revision, build);
}
