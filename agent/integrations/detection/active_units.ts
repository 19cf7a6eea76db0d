import { readdirSync } from "node:fs";

/** Where systemd keeps the control groups of services: unified, hybrid, version 1. */
const folders = ["fs/cgroup", "fs/cgroup/unified", "fs/cgroup/systemd"];

/** Names of services of systemd that have processes now: each has a control group. Empty where there is no systemd. */
export function activeUnits(sys: string): Set<string> {
  const units = new Set<string>();
  for (const folder of folders) addUnits(`${sys}/${folder}/system.slice`, units, true);
  return units;
}

function addUnits(folder: string, units: Set<string>, hasSlices: boolean): void {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names)
    if (name.endsWith(".service")) units.add(name);
    // Instances of a template lie in a slice of their own: system-postgresql.slice.
    else if (hasSlices && name.endsWith(".slice")) addUnits(`${folder}/${name}`, units, false);
}
