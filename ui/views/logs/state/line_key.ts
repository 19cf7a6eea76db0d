import { labelsKey } from "#shared/model/labels.ts";
import type { LogRow } from "../../../client/logs.ts";

/** Names one line in a link: its time, and a hash of stream and text for others of that time. */
export function lineKey({ ns, stream, text }: LogRow): string {
  return `${ns}-${hash(`${labelsKey(stream)}\n${text}`)}`;
}

/** The time in a line's name, or undefined where it is none. */
export function nsOfKey(key: string): bigint | undefined {
  const found = /^(\d{1,19})-[0-9a-z]{1,13}$/.exec(key)?.[1];
  return found === undefined ? undefined : BigInt(found);
}

/** cyrb53: 53 bits, enough to tell lines of one nanosecond apart. */
function hash(text: string): string {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, 2_654_435_761);
    h2 = Math.imul(h2 ^ code, 1_597_334_677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2_246_822_507) ^ Math.imul(h2 ^ (h2 >>> 13), 3_266_489_909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2_246_822_507) ^ Math.imul(h1 ^ (h1 >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & h2) + (h1 >>> 0)).toString(36);
}
