import type { Labels } from "#shared/model/labels.ts";
import { goQuoted } from "./go_quoted_text.ts";

const separator = 0xff;
/** FNV-1a, 64 bits, as two halves: BigInt is slow. */
const offsetBasis = { high: 0xcb_f2_9c_e4, low: 0x84_22_23_25 };
const primeLow = 0x1_b3;

/** 16 hexadecimal digits: FNV-1a over sorted names and values, as Prometheus has it (common/model/signature.go). */
export function fingerprintOf(labels: Labels): string {
  let { high, low } = offsetBasis;
  const add = (byte: number): void => {
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * primeLow;
    high = (high * primeLow + Math.floor(product / 0x1_0000_0000) + ((mixed << 8) >>> 0)) >>> 0;
    low = product >>> 0;
  };
  for (const name of Object.keys(labels).toSorted()) {
    for (const byte of Buffer.from(name)) add(byte);
    add(separator);
    for (const byte of Buffer.from(labels[name] ?? "")) add(byte);
    add(separator);
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

/** `{alertname="X", team="a"}`: a label set in a group key. */
export function labelSetText(labels: Labels): string {
  const pairs = Object.keys(labels)
    .toSorted()
    .map((name) => `${name}=${goQuoted(labels[name] ?? "")}`);
  return `{${pairs.join(", ")}}`;
}

/** Prometheus's order of label sets: fewer labels first, then by the first name in which they differ. */
export function compareLabelSets(a: Labels, b: Labels): number {
  const [namesA, namesB] = [Object.keys(a), Object.keys(b)];
  if (namesA.length !== namesB.length) return namesA.length - namesB.length;
  for (const name of [...new Set([...namesA, ...namesB])].toSorted()) {
    const [left, right] = [a[name], b[name]];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** The order of alerts in a notification: by job, then instance, where they have them, then by all labels. */
export function compareAlertLabels(a: Labels, b: Labels): number {
  for (const name of ["job", "instance"]) {
    const [left, right] = [a[name], b[name]];
    if (left === undefined && right === undefined) continue;
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    if (left !== right) return left < right ? -1 : 1;
  }
  return compareLabelSets(a, b);
}
