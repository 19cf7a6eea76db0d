import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import { passwordOf } from "../connections/credentials.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { type Certificate, nameParts, readDer, readPem } from "./certificate.ts";
import { type FoundFile, findFiles } from "./certificate_files.ts";
import type { CertificatesConfig } from "./config.ts";
import { readPkcs12 } from "./pkcs12.ts";

const labels = [
  "filename",
  "filepath",
  "serial_number",
  ...nameParts.map((part) => `issuer_${part}`),
  ...nameParts.map((part) => `subject_${part}`),
];
const notAfter = gauge(
  "x509_cert_not_after",
  "End of the certificate's validity, Unix seconds.",
  labels,
);
const notBefore = gauge(
  "x509_cert_not_before",
  "Start of the certificate's validity, Unix seconds.",
  labels,
);
const expired = gauge(
  "x509_cert_expired",
  "1 where the certificate's validity is over, else 0.",
  labels,
);
const readErrors = gauge("x509_read_errors", "Files and paths that could not be read.");

/** A file of certificates is a few kilobytes; all authorities of the world are one megabyte. */
const fileBytesMax = 8 * 1_024 * 1_024;
const reasonsMax = 5;
/** A PKCS#12 file that was refused costs two programs to ask again. */
const retryMs = 300_000;

type KnownFile = {
  /** Modification, size and number of the file that was read. */
  readonly version: string;
  readonly certificates: readonly Certificate[];
  readonly problem: string | undefined;
  /** Unix milliseconds until which that holds although the file has not changed: a password may come. */
  readonly untilMs: number;
};

/** Files are read again when they have changed. */
export const openCertificates: OpenInstance<CertificatesConfig> = (options) => {
  const known = new Map<string, KnownFile>();
  return {
    async collect(sink, tick) {
      const { files, problems } = findFiles(options);
      const wanted = files.slice(0, options.files_max);
      const paths = new Set(wanted.map(({ path }) => path));
      for (const path of known.keys()) if (!paths.has(path)) known.delete(path);
      let told = 0;
      for (const file of wanted) {
        const { certificates, problem } = await readFile(file, known, options, tick);
        const most = certificates.slice(0, options.certificates_max);
        for (const each of most) add(sink, file.path, each, tick.timestampMs / 1_000);
        told += certificates.length - most.length;
        if (problem !== undefined) problems.push(`${file.path}: ${problem}`);
      }
      sink.add(readErrors, problems.length);
      for (const problem of problems.slice(0, reasonsMax)) tick.degraded(problem);
      if (problems.length > reasonsMax)
        tick.degraded(`${problems.length - reasonsMax} further problems`);
      if (files.length > wanted.length)
        tick.degraded(`${files.length - wanted.length} files beyond files_max`);
      if (told > 0) tick.degraded(`${told} certificates beyond certificates_max of their files`);
    },
  };
};

/** As it is remembered where the file has not changed. */
async function readFile(
  file: FoundFile,
  known: Map<string, KnownFile>,
  options: CertificatesConfig,
  tick: Tick,
): Promise<KnownFile> {
  const { path } = file;
  let version = "";
  try {
    const { mtimeMs, size, ino } = statSync(path);
    version = `${mtimeMs} ${size} ${ino}`;
    const before = known.get(path);
    if (before?.version === version && tick.timestampMs < before.untilMs) return before;
    const certificates = distinct(await certificatesIn(file, size, options, tick));
    if (certificates.length === 0 && file.isNamed)
      throw new OperatingError("corrupt", "no certificate in it");
    const read = { version, certificates, problem: undefined, untilMs: Infinity };
    known.set(path, read);
    return read;
  } catch (thrown) {
    const untilMs = isPkcs12(path) ? tick.timestampMs + retryMs : Infinity;
    const failed = { version, certificates: [], problem: messageOf(thrown), untilMs };
    // What the file itself refuses is tried again at once.
    if (thrown instanceof OperatingError) known.set(path, failed);
    return failed;
  }
}

async function certificatesIn(
  { path }: FoundFile,
  size: number,
  options: CertificatesConfig,
  tick: Tick,
): Promise<Certificate[]> {
  if (!statSync(path).isFile()) throw new OperatingError("bad_request", "no ordinary file");
  if (size > fileBytesMax) throw new OperatingError("overloaded", "larger than 8 MiB");
  if (isPkcs12(path)) return readPkcs12(path, (await passwordOf(options)) ?? "", tick.signal);
  const bytes = readFileSync(path);
  // A sequence of ASN.1, with a length of two bytes.
  if (bytes[0] === 0x30 && bytes[1] === 0x82) return [readDer(bytes)];
  return readPem(bytes.toString("latin1"));
}

function isPkcs12(path: string): boolean {
  return /\.(p12|pfx)$/i.test(path);
}

function keyOf({ serialNumber, issuer, subject }: Certificate): string {
  return JSON.stringify([serialNumber, issuer, subject]);
}

function distinct(certificates: readonly Certificate[]): Certificate[] {
  return [...new Map(certificates.map((each) => [keyOf(each), each])).values()];
}

function add(sink: SampleSink, path: string, certificate: Certificate, nowSeconds: number): void {
  const { notAfterSeconds, notBeforeSeconds, serialNumber, issuer, subject } = certificate;
  const values = [basename(path), path, serialNumber, ...issuer, ...subject];
  sink.add(notAfter, notAfterSeconds, ...values);
  sink.add(notBefore, notBeforeSeconds, ...values);
  sink.add(expired, nowSeconds > notAfterSeconds ? 1 : 0, ...values);
}
