import type { HostLook } from "./host.ts";
import { ephemeralPortLeast } from "./listener_table.ts";

/** Programs that pass on what comes to a container's port. */
const containerPorts = new Set(["docker-proxy", "rootlessport", "slirp4netns", "pasta"]);
/** Services of which the processes are those of containers. */
const containerServices = /^(docker|containerd|podman|crio|k3s|kubelet)[.@-]/;

/**
 * Whether a service that listens there is meant to be there: one that systemd runs, or one at a port of its own choice. What lives in a container, or
 * at a port that the kernel chose, comes and goes, and isn't missed.
 */
export function isLastingPlace(host: HostLook, instance: string): boolean {
  const port = Number(/:(\d+)(?:\/|$)/.exec(instance)?.[1] ?? Number.NaN);
  const there = host.listeners.filter((listener) =>
    listener.protocol === "unix" ? instance.includes(listener.path) : listener.port === port,
  );
  const pids = [...new Set(there.flatMap(({ pid }) => pid ?? []))];
  const names = new Map(host.processes.map(({ pid, name }) => [pid, name]));
  if (pids.some((pid) => containerPorts.has(names.get(pid) ?? "") || host.isInContainer(pid)))
    return false;
  const services = pids.flatMap((pid) => host.serviceOf(pid) ?? []);
  if (services.some((service) => containerServices.test(service))) return false;
  return services.length > 0 || !(port >= ephemeralPortLeast);
}
