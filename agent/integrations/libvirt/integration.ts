import { hostname } from "node:os";
import { gauge } from "../../collect/samples/family.ts";
import { type HostView, processesNamed } from "../host_view.ts";
import { defineIntegration } from "../integration.ts";
import { LibvirtConfig } from "./config.ts";

const programs = ["/usr/bin/virsh", "/usr/local/bin/virsh", "/bin/virsh"];
/** What is asked is only read, for which libvirt has sockets of their own. */
const sockets = ["/run/libvirt/libvirt-sock-ro", "/run/libvirt/virtqemud-sock-ro"];

/** Virtual machines by libvirt's virsh; names of metrics as libvirt-exporter's. */
export const libvirt = defineIntegration({
  name: "libvirt",
  title: "libvirt",
  job: "libvirt",
  config: LibvirtConfig,
  up: gauge("libvirt_up", "Whether libvirt answered."),
  instanceOf: ({ uri }) => (uri === "qemu:///system" ? hostname() : `${hostname()} ${uri}`),
  detect(host) {
    const because = signsOf(host);
    if (because.length === 0) return [];
    const program = programs.find((path) => host.exists(path));
    if (program !== undefined)
      return [
        {
          confidence: 0.9,
          because: [...because, `${program} is installed`],
          options: {},
          needs: [],
        },
      ];
    const why = "It is asked by virsh, which is not installed: `apt-get install libvirt-clients`.";
    return [
      {
        confidence: 0.4,
        because: [...because, "virsh is not installed"],
        options: {},
        needs: [{ key: "command", example: "/usr/bin/virsh", why }],
      },
    ];
  },
  load: async () => (await import("./collect.ts")).openLibvirt,
});

/** Sockets that systemd holds open are there before their daemon, which starts when it is asked and ends again. */
function signsOf(host: HostView): string[] {
  const [process] = processesNamed(host, "libvirtd", "virtqemud");
  const socket = sockets.find((path) => host.exists(path));
  return [
    ...(process === undefined ? [] : [`process ${process.name} (pid ${process.pid})`]),
    ...(socket === undefined ? [] : [`socket ${socket}`]),
  ];
}
