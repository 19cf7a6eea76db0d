import type { HostView } from "./host_view.ts";

/** The name that a service compares who knows its callers by their user on this host. Users that systemd makes for a service alone stand in no file. */
export async function ownUser(host: HostView): Promise<string> {
  const users = (await host.read("/etc/passwd")) ?? "";
  const own = new RegExp(`^([^:\\n]+):[^:\\n]*:${process.getuid?.()}:`, "m").exec(users)?.[1];
  return own ?? process.env.USER ?? "lapwing";
}
