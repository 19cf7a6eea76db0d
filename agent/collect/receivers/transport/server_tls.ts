import { readFile } from "node:fs/promises";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";

/** The certificate that a receiver shows, and whose certificates it asks for; PEM files, read at the start. */
export const ServerTlsConfig = z.lazy(() =>
  z.strictObject({
    cert_file: z.string().min(1),
    key_file: z.string().min(1),
    /** Only senders whose certificate these authorities signed are let in. */
    client_ca_file: z.string().min(1).optional(),
  }),
);

export type ServerTls = {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: "TLSv1.2";
};

/** The files of a configuration, as node:tls takes them. Throws OperatingError("unavailable"). */
export async function readServerTls(config: z.output<typeof ServerTlsConfig>): Promise<ServerTls> {
  const [cert, key, ca] = await Promise.all([
    readPem(config.cert_file),
    readPem(config.key_file),
    config.client_ca_file === undefined ? undefined : readPem(config.client_ca_file),
  ]);
  const isMutual = ca !== undefined;
  return {
    cert,
    key,
    ...(isMutual ? { ca } : {}),
    requestCert: isMutual,
    rejectUnauthorized: isMutual,
    minVersion: "TLSv1.2",
  };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new OperatingError("unavailable", `cannot read ${file} (${messageOf(cause)})`, { cause });
  }
}
