import { z } from "zod";

export const LibvirtConfig = z.lazy(() =>
  z.strictObject({
    /** What answers as virsh does. */
    command: z.tuple([z.string().min(1)], z.string()).default(["virsh"]),
    /** Of the hypervisor, as virsh's --connect takes it. */
    uri: z
      .string()
      .regex(/^[a-z][a-z0-9+.-]*:\/\/\S*$/, "expected a URI such as qemu:///system")
      .default("qemu:///system"),
    /** Domains that are told; how many are left out is told, too. */
    domains_max: z.int().positive().max(10_000).default(1_000),
    /** Storage pools that are asked for their room; 0 for none. */
    pools_max: z.int().nonnegative().max(1_000).default(100),
  }),
);
export type LibvirtConfig = z.output<typeof LibvirtConfig>;
