import { arch, cpus, release, totalmem } from "node:os";
import { readFile } from "node:fs/promises";
import { bootTime } from "#shared/runtime/process/boot_time.ts";

/** What people want to know of a host at a glance: os, kernel, arch, cpus, memory_bytes; and which boot it is. */
export async function hostFacts(): Promise<Record<string, string>> {
  const boot = bootTime();
  return {
    os: await osName(),
    kernel: release(),
    arch: arch(),
    cpus: String(cpus().length),
    memory_bytes: String(totalmem()),
    // Agents of one machine share its clock.
    ...(boot === undefined ? {} : { boot_id: boot.id }),
  };
}

async function osName(): Promise<string> {
  try {
    const text = await readFile("/etc/os-release", "utf8");
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}
