import { z } from "zod";

const path = z.string().startsWith("/", "expected an absolute path");

export const ContainersConfig = z.lazy(() =>
  z.strictObject({
    cgroup_root: path.default("/sys/fs/cgroup"),
    procfs: path.default("/proc"),
    /** Where Docker's API, or Podman's that is the same, tells names, images and labels. */
    sockets: z.array(path).default(["/var/run/docker.sock", "/run/podman/podman.sock"]),
    /** Where the kubelet links the logs of its containers, which tells their names. */
    pod_logs: path.default("/var/log/containers"),
    /** Labels of containers that become labels of their series (`container_label_...`). Each that changes from run to run makes new series. */
    container_labels: z
      .union([z.literal("all"), z.array(z.string().min(1))])
      .default([
        "com.docker.compose.project",
        "com.docker.compose.service",
        "com.docker.swarm.service.name",
      ]),
    /** Of one container; those beyond it, in order of their names, are left out. */
    labels_max: z.int().nonnegative().max(60).default(20),
    /** Whether slices and services are told of, too, and not containers alone. */
    all_cgroups: z.boolean().default(false),
    /** File descriptors, sockets and the states of processes: files for each process and descriptor. */
    process_details: z.boolean().default(false),
    /** Containers beyond it are not looked at: a tick must stay cheap. */
    containers_max: z.int().positive().default(1_000),
  }),
);
export type ContainersConfig = z.output<typeof ContainersConfig>;
