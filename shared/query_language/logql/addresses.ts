import { stageError } from "./errors.ts";

/** An address as 16 bytes, IPv4 among IPv6 as ::ffff:a.b.c.d. */
type Address = { readonly value: bigint; readonly isV4: boolean };

const v4Prefix = 0xffff_0000_0000n;

/**
 * The condition of `ip("192.168.4.5")`, `ip("192.168.4.5-192.168.4.20")` and `ip("10.0.0.0/8")`: whether a text holds an address that
 * fits. Addresses are looked for where digits and dots, or hexadecimal digits and colons, begin as Loki's do. Throws LogqlError, which
 * names the stage.
 */
export function compileAddresses(pattern: string, stage: string): (text: string) => boolean {
  const fits = rangeOf(pattern);
  if (fits === undefined)
    throw stageError(stage, `ip: invalid pattern: ${JSON.stringify(pattern)}`);
  return (text) => {
    // What can't begin an address is passed over without looking at it twice.
    for (let at = 0; at < text.length; at++) {
      const end = isV4Start(text, at)
        ? spanOf(text, at, isV4Character)
        : isV6Start(text, at)
          ? spanOf(text, at, isV6Character)
          : at;
      if (end === at) continue;
      const address = end - at > 45 ? undefined : parseAddress(text.slice(at, end));
      if (address !== undefined && fits(address)) return true;
      at = end;
    }
    return false;
  };
}

function rangeOf(pattern: string): ((address: Address) => boolean) | undefined {
  const single = parseAddress(pattern);
  if (single !== undefined)
    return ({ value, isV4 }) => isV4 === single.isV4 && value === single.value;
  const network = /^([^/]+)\/(\d{1,3})$/.exec(pattern);
  if (network !== null) return networkOf(parseAddress(network[1] ?? ""), Number(network[2]));
  const bounds = pattern.split("-").map((bound) => parseAddress(bound.trim()));
  const [from, to] = bounds;
  if (bounds.length !== 2 || from === undefined || to === undefined) return undefined;
  if (from.isV4 !== to.isV4 || from.value > to.value) return undefined;
  return ({ value, isV4 }) => isV4 === from.isV4 && value >= from.value && value <= to.value;
}

function networkOf(base: Address | undefined, bits: number): ReturnType<typeof rangeOf> {
  if (base === undefined || bits > (base.isV4 ? 32 : 128)) return undefined;
  const shift = BigInt((base.isV4 ? 32 : 128) - bits);
  return ({ value, isV4 }) => isV4 === base.isV4 && value >> shift === base.value >> shift;
}

function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const value = parseV4(text);
    return value === undefined ? undefined : { value: v4Prefix | value, isV4: true };
  }
  const value = parseV6(text);
  return value === undefined ? undefined : { value, isV4: false };
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    // A leading zero is refused, since some read it as octal.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return BigInt(value);
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1)?.at(-1);
  if (last?.includes(".") === true) {
    const tail = parseV4(last);
    if (tail === undefined) return undefined;
    groups.at(-1)?.splice(-1, 1, (tail >> 16n).toString(16), (tail & 0xffffn).toString(16));
  }
  const [head = [], tail = []] = groups;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array.from({ length: missing }, () => "0"), ...tail]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

function isV4Character(code: number): boolean {
  return isDigit(code) || code === 46;
}

function isV6Character(code: number): boolean {
  return isHex(code) || code === 58 || code === 46;
}

function spanOf(text: string, from: number, isPart: (code: number) => boolean): number {
  let at = from;
  while (at < text.length && isPart(text.charCodeAt(at))) at++;
  return at;
}

/** A digit and then a dot within three characters. */
function isV4Start(text: string, at: number): boolean {
  if (!isDigit(text.charCodeAt(at))) return false;
  for (let i = 1; i <= 3; i++) if (text.charCodeAt(at + i) === 46) return true;
  return false;
}

/** "::" and a hexadecimal digit, or a colon after one to four of them. */
function isV6Start(text: string, at: number): boolean {
  if (text.charCodeAt(at) === 58)
    return text.charCodeAt(at + 1) === 58 && isHex(text.charCodeAt(at + 2));
  for (let i = 0; i <= 4; i++) {
    const code = text.charCodeAt(at + i);
    if (code === 58) return i > 0;
    if (!isHex(code)) return false;
  }
  return false;
}
