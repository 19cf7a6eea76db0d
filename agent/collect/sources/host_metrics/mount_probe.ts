/** What statfs tells; sizes in blocks of `blockBytes`. */
export type FilesystemSizes = {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly free: number;
  readonly available: number;
  readonly nodes: number;
  readonly nodesFree: number;
};

export type MountProbe = {
  /** Undefined where the mount does not answer in time or answers with an error. Never rejects. */
  sizes(path: string): Promise<FilesystemSizes | undefined>;
  /** How often a mount did not answer in time. */
  timeouts(): number;
};

/** Processes that wait for mounts at one time; further mounts count as not answering until one is free. */
const processesMax = 16;
/** Asks that a mount is left alone after it did not answer, so that it delays one tick in five and not each. */
const skipsAfterTimeout = 4;
/** Mounts left alone that are remembered; beyond it all are forgotten, which only costs time. */
const restingMax = 1_024;
const statFormat = "%s %b %f %a %c %d";

/**
 * Asks mounts that may hang. A thread that hangs in statfs cannot be stopped, and Bun's pool of threads, which also
 * writes files, has but a few: two dead NFS servers would stop the agent. So `stat -f` is asked in a process of its own:
 * when it hangs it is killed, no second one is started for the same mount while it lives, and nobody waits for it.
 */
export function mountProbe(timeoutMs: number, command: readonly string[] = ["stat"]): MountProbe {
  const asked = new Set<string>();
  const resting = new Map<string, number>();
  let timeouts = 0;
  return {
    timeouts: () => timeouts,
    async sizes(path) {
      if (asked.has(path) || asked.size >= processesMax) return undefined;
      const skips = resting.get(path) ?? 0;
      if (skips > 1) resting.set(path, skips - 1);
      else resting.delete(path);
      if (skips > 0) return undefined;
      asked.add(path);
      const answer = ask([...command, "-f", "-c", statFormat, path]);
      if (answer === undefined) {
        asked.delete(path);
        return undefined;
      }
      // An uninterruptible process outlives its kill; the mount is asked again only after it has gone.
      void answer.text.finally(() => asked.delete(path));
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => {
        timeouts += 1;
        if (resting.size >= restingMax) resting.clear();
        resting.set(path, skipsAfterTimeout);
        answer.kill();
        late.resolve(undefined);
      }, timeoutMs);
      const text = await Promise.race([answer.text, late.promise]);
      clearTimeout(timer);
      return text === undefined ? undefined : parseStatfs(text);
    },
  };
}

/** "4096 100 50 40 1000 900" in the order of statFormat; undefined for anything else. */
export function parseStatfs(text: string): FilesystemSizes | undefined {
  const numbers = text.trim().split(" ").map(Number);
  const [blockBytes, blocks, free, available, nodes, nodesFree] = numbers;
  if (blockBytes === undefined || blocks === undefined || free === undefined) return undefined;
  if (available === undefined || nodes === undefined || nodesFree === undefined) return undefined;
  if (numbers.some(Number.isNaN)) return undefined;
  return { blockBytes, blocks, free, available, nodes, nodesFree };
}

/** `text` resolves when the process has gone: to its output, or to undefined where it failed. */
function ask(
  command: string[],
): { text: Promise<string | undefined>; kill: () => void } | undefined {
  try {
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    child.unref();
    const output = new Response(child.stdout).text();
    const text = Promise.all([output, child.exited]).then(
      ([out, code]) => (code === 0 ? out : undefined),
      () => undefined,
    );
    return { text, kill: () => child.kill("SIGKILL") };
  } catch {
    // No such program here.
    return undefined;
  }
}
