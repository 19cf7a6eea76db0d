import { dlopen, read } from "bun:ffi";
import { OperatingError } from "#shared/errors.ts";

/** glibc, then musl by architecture. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

type Libc = ReturnType<typeof open>;
let opened: Libc | undefined;

/** The C library's calls for sockets that node has no words for. Throws OperatingError("unavailable") where it is not to be had. */
export function libc(): Libc {
  if (opened !== undefined) return opened;
  for (const library of libraries) {
    try {
      opened = open(library);
      return opened;
    } catch {
      // Not this library: the next, or none.
    }
  }
  throw new OperatingError("unavailable", "ICMP needs the C library of Linux, which was not found");
}

function open(library: string) {
  return dlopen(library, {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
    recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
    clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
  }).symbols;
}

const errorNames: Readonly<Record<number, string>> = {
  1: "EPERM: operation not permitted",
  11: "EAGAIN: try again",
  13: "EACCES: permission denied",
  22: "EINVAL: invalid argument",
  90: "EMSGSIZE: message too long",
  97: "EAFNOSUPPORT: address family not supported",
  99: "EADDRNOTAVAIL: address not available",
  101: "ENETUNREACH: network is unreachable",
  111: "ECONNREFUSED: connection refused",
  113: "EHOSTUNREACH: no route to host",
};

/** Number of the last call's error. */
export function errorNumber(): number {
  // oxlint-disable-next-line no-underscore-dangle -- the C library's own name
  const at = libc().__errno_location();
  return at === null ? 0 : read.i32(at, 0);
}

export function errorText(number: number): string {
  return errorNames[number] ?? `errno ${number}`;
}
