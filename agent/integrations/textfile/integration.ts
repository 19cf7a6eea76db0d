import { hostname } from "node:os";
import { type HostView, processesNamed } from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { TextfileConfig, usualFolder } from "./config.ts";

const usualFolders = [
  usualFolder,
  "/var/lib/node_exporter/textfile_collector",
  "/var/lib/node_exporter",
];

/** Files *.prom that cron jobs and scripts leave, as node_exporter's textfile collector reads them. */
export const textfile = defineIntegration({
  name: "textfile",
  title: "Text files",
  job: "textfile",
  config: TextfileConfig,
  instanceOf: () => hostname(),
  async detect(host) {
    const folders: string[] = [];
    const because: string[] = [];
    for (const folder of new Set([...ofExporter(host), ...usualFolders])) {
      const files = await host.glob(`${folder}/*.prom`);
      if (files.length === 0) continue;
      folders.push(folder);
      because.push(`${folder} has ${files.length} *.prom files`);
    }
    if (folders.length === 0) return [];
    return [{ confidence: 1, because, options: { directories: folders }, needs: [] }];
  },
  load: async () => (await import("./collect.ts")).openTextfile,
});

/** Folders that a node_exporter on this host is told to read. */
function ofExporter(host: HostView): string[] {
  const flag = /^--?collector\.textfile\.directory=(\/.*)$/;
  return processesNamed(host, "node_exporter", "prometheus-node-exporter").flatMap(({ args }) =>
    args.flatMap((arg) => flag.exec(arg)?.[1] ?? []),
  );
}
