/** Sends a signal to all processes of a group; nothing happens where nobody is left of it. */
export function signalGroup(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, name);
  } catch {
    // Nobody of the group is left.
  }
}
