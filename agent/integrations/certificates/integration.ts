import { hostname } from "node:os";
import { defineIntegration } from "../integration.ts";
import { CertificatesConfig, usualPaths } from "./config.ts";

/** Certificates in files, under x509-certificate-exporter's names. */
export const certificates = defineIntegration({
  name: "certificates",
  title: "Certificates",
  job: "certificates",
  config: CertificatesConfig,
  instanceOf: () => hostname(),
  async detect(host) {
    const paths: string[] = [];
    const because: string[] = [];
    for (const pattern of usualPaths) {
      const files = await host.glob(pattern);
      if (files.length === 0) continue;
      paths.push(pattern);
      because.push(`${files.length} files are ${pattern}`);
    }
    return paths.length === 0 ? [] : [{ confidence: 0.8, because, options: { paths }, needs: [] }];
  },
  load: async () => (await import("./collect.ts")).openCertificates,
});
