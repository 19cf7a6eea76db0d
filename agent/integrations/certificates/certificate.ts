import { X509Certificate } from "node:crypto";
import { OperatingError } from "#shared/errors.ts";

/** What is told of a certificate. */
export type Certificate = {
  readonly notBeforeSeconds: number;
  readonly notAfterSeconds: number;
  /** Decimal, as the exporter writes it. */
  readonly serialNumber: string;
  /** Values in the order of nameParts; the first one where a part comes twice. */
  readonly subject: readonly string[];
  readonly issuer: readonly string[];
};

/** Parts of names that become labels. */
export const nameParts = ["C", "L", "O", "OU", "CN"] as const;

const block = /-----BEGIN (?:X509 )?CERTIFICATE-----[^-]+-----END (?:X509 )?CERTIFICATE-----/g;

/** All certificates of PEM text, each once. Throws OperatingError("corrupt") where one can't be read. */
export function readPem(text: string): Certificate[] {
  return (text.match(block) ?? []).map((pem) => read(pem.replaceAll("X509 ", "")));
}

/** One certificate as DER. Throws OperatingError("corrupt"). */
export function readDer(bytes: Uint8Array): Certificate {
  return read(Buffer.from(bytes));
}

function read(source: string | Buffer): Certificate {
  let parsed;
  try {
    parsed = new X509Certificate(source);
  } catch {
    throw new OperatingError("corrupt", "not a certificate");
  }
  return {
    notBeforeSeconds: Date.parse(parsed.validFrom) / 1_000,
    notAfterSeconds: Date.parse(parsed.validTo) / 1_000,
    serialNumber: BigInt(`0x${parsed.serialNumber}`).toString(),
    subject: partsOf(parsed.subject),
    issuer: partsOf(parsed.issuer),
  };
}

/** "C=DE\nO=A\\, B\nCN=x": a part a line, with a backslash before what has a meaning. */
function partsOf(name: string): string[] {
  const found = new Map<string, string>();
  for (const line of (name ?? "").split("\n")) {
    const end = line.indexOf("=");
    const key = line.slice(0, end);
    if (end > 0 && !found.has(key)) found.set(key, unescaped(line.slice(end + 1)));
  }
  return nameParts.map((part) => found.get(part) ?? "");
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, "$1");
}
