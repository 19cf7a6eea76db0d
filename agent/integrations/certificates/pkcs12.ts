import { OperatingError } from "#shared/errors.ts";
import { runProgram } from "../run_program.ts";
import { type Certificate, readPem } from "./certificate.ts";

const outputBytesMax = 4 * 1_024 * 1_024;
/** Ciphers of old files (RC2), which OpenSSL 3 has apart. */
const attempts = [[], ["-legacy"]] as const;

/**
 * Certificates of a PKCS#12 file by the program openssl: neither Node's nor Bun's library tells them. Throws OperatingError with its reason;
 * the password travels in its environment.
 */
export async function readPkcs12(
  path: string,
  password: string,
  signal: AbortSignal,
): Promise<Certificate[]> {
  let reason = "";
  for (const attempt of attempts) {
    const { code, stdout, stderr } = await runProgram({
      command: ["openssl", "pkcs12", "-in", path, "-nokeys", "-passin", "env:P12", ...attempt],
      env: { P12: password },
      outputBytesMax,
      signal,
    });
    if (code === 0) return readPem(Buffer.from(stdout).toString());
    reason ||= /mac verify|invalid password/i.test(stderr)
      ? "PKCS#12: wrong password"
      : "PKCS#12: openssl can't read it";
  }
  throw new OperatingError("corrupt", reason);
}
