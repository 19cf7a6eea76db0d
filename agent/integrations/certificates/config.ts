import { z } from "zod";
import { hasOnePassword, onePassword, passwordShape } from "../connections/credentials.ts";

/** Where certificates of usual services lie. */
export const usualPaths = [
  "/etc/letsencrypt/live/*/fullchain.pem",
  "/etc/nginx/{ssl,certs}/*.{crt,pem}",
  "/etc/apache2/ssl/*.{crt,pem}",
  "/etc/haproxy/certs/*.pem",
  "/etc/ssl/localcerts/*.{crt,pem}",
  "/etc/postfix/*.pem",
  "/etc/kubernetes/pki/*.crt",
  "/etc/kubernetes/pki/etcd/*.crt",
  "/var/lib/kubelet/pki/kubelet-client-current.pem",
  "/var/lib/caddy/.local/share/caddy/certificates/*/*/*.crt",
] as const;

const path = z.string().startsWith("/", "expected an absolute path");

export const CertificatesConfig = z.lazy(() =>
  z
    .strictObject({
      /** Files, folders (their files by the usual endings), or globs. */
      paths: z
        .array(path)
        .min(1)
        .default([...usualPaths]),
      /** Globs of files that are left out. */
      exclude: z.array(path).default([]),
      /** Of PKCS#12 files. */
      ...passwordShape(),
      /** Files beyond it, in order of their names, are not read. */
      files_max: z.int().positive().default(1_000),
      /** Certificates of one file; a bundle of authorities has hundreds. */
      certificates_max: z.int().positive().default(50),
    })
    .refine(hasOnePassword, onePassword),
);
export type CertificatesConfig = z.output<typeof CertificatesConfig>;
