import { dnsDiscovery } from "./dns.ts";
import { fileDiscovery } from "./file.ts";
import { httpDiscovery } from "./http.ts";
import { staticDiscovery } from "./static.ts";

/** Every discovery by its type; sorted. A new one is a file, a line here, and its key in scrape/config.ts. */
export const discoveries = {
  dns: dnsDiscovery,
  file: fileDiscovery,
  http: httpDiscovery,
  static: staticDiscovery,
} as const;
