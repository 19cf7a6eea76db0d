import type { Labels } from "#shared/model/labels.ts";

/** What receivers are to be told of one alert; a newer one of the same fingerprint takes its place. */
export type Note = {
  /** The alert's name: notes of one name go out together. */
  readonly alert: string;
  readonly fingerprint: string;
  readonly status: "firing" | "resolved";
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Unix milliseconds. */
  readonly startsMs: number;
  /** 0 while it fires. */
  readonly endsMs: number;
};

const offset = 14_695_981_039_346_656_037n;
const prime = 1_099_511_628_211n;

/** 16 hexadecimal digits, as Prometheus computes them: FNV-1a over sorted names and values, each ended by 0xff (model/signature.go). */
export function fingerprintOf(labels: Labels): string {
  let hash = offset;
  const add = (byte: number) => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
  };
  for (const name of Object.keys(labels).toSorted())
    for (const text of [name, labels[name] ?? ""]) {
      for (const byte of Buffer.from(text)) add(byte);
      add(0xff);
    }
  return hash.toString(16).padStart(16, "0");
}
