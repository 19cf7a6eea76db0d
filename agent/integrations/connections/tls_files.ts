import { readFile } from "node:fs/promises";
import { z } from "zod";

/** Whether and how a connection is encrypted: true takes the system's authorities. */
export const TlsFiles = z.lazy(() =>
  z
    .union([
      z.boolean(),
      z.strictObject({
        ca_file: z.string().optional(),
        /** A certificate of our own, with its key. */
        cert_file: z.string().optional(),
        key_file: z.string().optional(),
        /** The name to ask for and to check the certificate against, instead of the address. */
        server_name: z.string().optional(),
        insecure_skip_verify: z.boolean().default(false),
      }),
    ])
    .default(false),
);
export type TlsFiles = z.output<typeof TlsFiles>;

export type TlsOptions = {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
};

/** What Node's and Bun's clients take, undefined without TLS. Files are read anew, so that renewed certificates are used. */
export async function tlsOptionsOf(config: TlsFiles): Promise<TlsOptions | undefined> {
  if (config === false) return undefined;
  if (config === true) return { rejectUnauthorized: true };
  const [ca, cert, key] = await Promise.all([
    pemOf(config.ca_file),
    pemOf(config.cert_file),
    pemOf(config.key_file),
  ]);
  return {
    rejectUnauthorized: !config.insecure_skip_verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(config.server_name === undefined ? {} : { servername: config.server_name }),
  };
}

async function pemOf(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, "utf8");
}
