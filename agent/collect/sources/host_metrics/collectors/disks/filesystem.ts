import { statfsSync } from "node:fs";
import { counter, gauge } from "../../../../samples/family.ts";
import type { Collector } from "../../collector.ts";
import type { SampleSink } from "../../../../samples/family.ts";
import { rememberedTest } from "../../filter.ts";
import type { FilesystemSizes } from "../../mount_probe.ts";
import { mountProbe } from "../../mount_probe.ts";
import { readText, readTextIfReadable } from "../../text_file.ts";

const labelNames = ["device", "mountpoint", "fstype"] as const;
const size = gauge("node_filesystem_size_bytes", "Size of a file system.", labelNames);
const free = gauge("node_filesystem_free_bytes", "Free space.", labelNames);
const available = gauge(
  "node_filesystem_avail_bytes",
  "Space free for ordinary users.",
  labelNames,
);
const files = gauge("node_filesystem_files", "File nodes of a file system.", labelNames);
const filesFree = gauge("node_filesystem_files_free", "Free file nodes.", labelNames);
const readonly = gauge("node_filesystem_readonly", "1 where mounted read-only.", labelNames);
const deviceError = gauge(
  "node_filesystem_device_error",
  "1 where the file system did not answer, or with an error.",
  labelNames,
);
const timeouts = counter(
  "lapwing_agent_mount_timeouts_total",
  "Mounts that did not answer in time, since the start of the agent.",
);

/** File systems that answer statfs from memory. Every other may hang, and is asked in a process of its own. */
const localTypes = new Set(
  (
    "bcachefs btrfs efivarfs erofs exfat ext2 ext3 ext4 f2fs hfs hfsplus jfs msdos nilfs2 ntfs ntfs3 ramfs reiserfs " +
    "rootfs squashfs tmpfs udf vfat xfs zfs"
  ).split(" "),
);

export type Mount = {
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly isReadOnly: boolean;
};

export const filesystem: Collector = {
  name: "filesystem",
  create({ proc, rootfs }, options) {
    const pointExcluded = rememberedTest(options.filesystemMountPointsExclude);
    const typeExcluded = rememberedTest(options.filesystemFsTypesExclude);
    const probe = mountProbe(options.filesystemMountTimeoutMs);
    const prefix = rootfs.replace(/\/+$/, "");
    return (sink) => {
      // The first process sees the host's mounts also from within a container; it may be out of sight.
      const text = readTextIfReadable(`${proc}/1/mounts`) ?? readText(`${proc}/self/mounts`);
      const waiting: Promise<void>[] = [];
      for (const mount of parseMounts(text, prefix)) {
        if (pointExcluded(mount.mountPoint) || typeExcluded(mount.type)) continue;
        const path = `${prefix}${mount.mountPoint}`;
        if (localTypes.has(mount.type)) addMount(sink, mount, statfsOf(path));
        else waiting.push(probe.sizes(path).then((sizes) => addMount(sink, mount, sizes)));
      }
      const finish = () => sink.add(timeouts, probe.timeouts());
      if (waiting.length > 0) return Promise.all(waiting).then(finish);
      finish();
      return undefined;
    };
  },
};

/**
 * Lines "device point type options 0 0" of a mounts file, where space, tab, line feed and backslash are octal escapes.
 * With a prefix only mounts below it count, and the prefix is taken off. Of mounts that agree in all, the first stands.
 */
export function parseMounts(text: string, prefix = ""): Mount[] {
  const mounts = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const [device = "", pointText = "", type = "", optionText = ""] = line.split(" ");
    if (type === "") continue;
    const point = unescapeMount(pointText);
    if (prefix !== "" && point !== prefix && !point.startsWith(`${prefix}/`)) continue;
    const mountPoint = point.slice(prefix.length) || "/";
    const key = `${device}\n${mountPoint}\n${type}`;
    if (mounts.has(key)) continue;
    const isReadOnly = optionText.split(",").includes("ro");
    mounts.set(key, { device: unescapeMount(device), mountPoint, type, isReadOnly });
  }
  return [...mounts.values()];
}

function unescapeMount(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}

function statfsOf(path: string): FilesystemSizes | undefined {
  try {
    const { bsize, blocks, bfree, bavail, files: nodes, ffree } = statfsSync(path);
    return { blockBytes: bsize, blocks, free: bfree, available: bavail, nodes, nodesFree: ffree };
  } catch {
    return undefined;
  }
}

function addMount(sink: SampleSink, mount: Mount, sizes: FilesystemSizes | undefined): void {
  const labels = [mount.device, mount.mountPoint, mount.type];
  sink.add(deviceError, sizes === undefined ? 1 : 0, ...labels);
  sink.add(readonly, mount.isReadOnly ? 1 : 0, ...labels);
  if (sizes === undefined) return;
  sink.add(size, sizes.blocks * sizes.blockBytes, ...labels);
  sink.add(free, sizes.free * sizes.blockBytes, ...labels);
  sink.add(available, sizes.available * sizes.blockBytes, ...labels);
  sink.add(files, sizes.nodes, ...labels);
  sink.add(filesFree, sizes.nodesFree, ...labels);
}
