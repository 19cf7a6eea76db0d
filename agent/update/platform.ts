import { readFileSync } from "node:fs";
import { Platform } from "#proto/update/manifest.ts";

/** What this process runs on; undefined where no builds are made for it. By the C library that is loaded: a host may have two. */
export function platformOf(): Platform | undefined {
  const libc = libcName();
  const read = Platform.safeParse({ os: process.platform, arch: process.arch, libc });
  return read.success ? read.data : undefined;
}

function libcName(): "glibc" | "musl" {
  try {
    return /\/ld-musl-/.test(readFileSync("/proc/self/maps", "utf8")) ? "musl" : "glibc";
  } catch {
    return "glibc";
  }
}
