import type { Collector } from "../../collector.ts";
import { NoDataError } from "../../collector.ts";
import { gauge } from "../../../../samples/family.ts";
import { readTextIfReadable } from "../../text_file.ts";

const states = ["active", "inactive", "recovering", "resync", "check"] as const;
const state = gauge("node_md_state", "1 for the state that a RAID device is in.", [
  "device",
  "state",
]);
const disks = gauge("node_md_disks", "Disks of a RAID device by state.", ["device", "state"]);
const disksRequired = gauge("node_md_disks_required", "Disks that the device needs.", ["device"]);
const blocks = gauge("node_md_blocks", "Blocks of a RAID device.", ["device"]);
const blocksSynced = gauge("node_md_blocks_synced", "Blocks that are in step.", ["device"]);

export type RaidDevice = {
  readonly name: string;
  readonly state: (typeof states)[number];
  readonly active: number;
  readonly required: number;
  readonly failed: number;
  readonly spare: number;
  readonly blocks: number;
  readonly blocksSynced: number;
};

export const mdadm: Collector = {
  name: "mdadm",
  create({ proc }) {
    return (sink) => {
      const text = readTextIfReadable(`${proc}/mdstat`);
      if (text === undefined) throw new NoDataError("RAID devices");
      for (const device of parseMdstat(text)) {
        for (const one of states) sink.add(state, one === device.state ? 1 : 0, device.name, one);
        sink.add(disks, device.active, device.name, "active");
        sink.add(disks, device.failed, device.name, "failed");
        sink.add(disks, device.spare, device.name, "spare");
        sink.add(disksRequired, device.required, device.name);
        sink.add(blocks, device.blocks, device.name);
        sink.add(blocksSynced, device.blocksSynced, device.name);
      }
    };
  },
};

/**
 * Paragraphs of /proc/mdstat: "md0 : active raid1 sdb1[1] sda1[0](F)", "  1024 blocks ... [2/1] [U_]", and while it
 * works on itself "  [=>...]  recovery = 12.6% (129/1024) ...".
 */
export function parseMdstat(text: string): RaidDevice[] {
  const devices: RaidDevice[] = [];
  for (const paragraph of text.split(/\n(?=md\S* :)/)) {
    const head = /^(md\S*) : (\w+)(.*)$/m.exec(paragraph);
    const name = head?.[1];
    if (head === null || name === undefined) continue;
    const members = head[3] ?? "";
    const spare = count(members, /\(S\)/g);
    const failed = count(members, /\(F\)/g);
    const size = Number(/(\d+) blocks/.exec(paragraph)?.[1] ?? 0);
    const needed = /\[(\d+)\/(\d+)\] \[/.exec(paragraph);
    // A device without redundancy has no such pair: it needs all its members.
    const all = count(members, /\[\d+\]/g) - spare;
    const isActive = head[2] === "active";
    const work = /(recovery|resync|check|reshape)\s*=\s*(.*)$/m.exec(paragraph);
    const done = /\((\d+)\/\d+\)/.exec(work?.[2] ?? "")?.[1];
    devices.push({
      name,
      state: stateOf(isActive, work?.[1]),
      required: Number(needed?.[1] ?? (isActive ? all : 0)),
      active: Number(needed?.[2] ?? (isActive ? all - failed : 0)),
      failed,
      spare,
      blocks: size,
      blocksSynced: Number(done ?? (work === null ? size : 0)),
    });
  }
  return devices;
}

function stateOf(isActive: boolean, work: string | undefined): RaidDevice["state"] {
  if (work === "recovery") return "recovering";
  if (work === "resync" || work === "reshape") return "resync";
  if (work === "check") return "check";
  return isActive ? "active" : "inactive";
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
